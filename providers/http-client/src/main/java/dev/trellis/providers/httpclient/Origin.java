package dev.trellis.providers.httpclient;

/**
 * What a connection leads to, and what an allow-list allows: scheme, host and port.
 *
 * @param secure {@code https}, else {@code http}
 */
record Origin(boolean secure, UrlHost host, int port) {
    static final int PORT_HTTP = 80;
    static final int PORT_HTTPS = 443;

    static int defaultPort(boolean secure) {
        return secure ? PORT_HTTPS : PORT_HTTP;
    }

    /** Host and port as in the header {@code host}: without the scheme's own port. */
    String authority() {
        return port == defaultPort(secure) ? host.text() : host.text() + ":" + port;
    }

    @Override
    public String toString() {
        return (secure ? "https://" : "http://") + authority();
    }
}
