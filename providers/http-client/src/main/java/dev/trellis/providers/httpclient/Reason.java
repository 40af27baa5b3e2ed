package dev.trellis.providers.httpclient;

/**
 * Why a request has no answer, in the words of {@code error-code} of {@code wasi:http/types}. A failure's message begins
 * with it, so that whoever shows the failure to a component finds it again; where the kind of the failure says as much, it
 * is left out.
 */
enum Reason {
    DNS_ERROR("DNS-error"),
    DNS_TIMEOUT("DNS-timeout"),
    ADDRESS_PROHIBITED("destination-IP-prohibited"),
    CONNECTION_REFUSED("connection-refused"),
    CONNECTION_TIMEOUT("connection-timeout"),
    READ_TIMEOUT("connection-read-timeout"),
    TLS("TLS-protocol-error"),
    CERTIFICATE("TLS-certificate-error"),
    URL_INVALID("HTTP-request-URI-invalid"),
    ANSWER_HEAD_TOO_LARGE("HTTP-response-header-section-size");

    private final String code;

    Reason(String code) {
        this.code = code;
    }

    /** {@code text} with this before it. */
    String of(String text) {
        return code + ": " + text;
    }
}
