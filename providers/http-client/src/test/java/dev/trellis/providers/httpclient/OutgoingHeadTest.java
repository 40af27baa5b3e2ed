package dev.trellis.providers.httpclient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.trellis.lattice.contracts.http.Header;
import dev.trellis.lattice.contracts.http.OutgoingRequest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OutgoingHeadTest {
    private static OutgoingHead head(OutgoingRequest request) {
        return OutgoingHead.of(request, "a.example", 1_024);
    }

    private static OutgoingRequest get(String... headers) {
        return TestClient.request("GET", "http://a.example/", "", headers);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"GET /evil HTTP/1.1\r\n\r\nGET", "GET ", " GET", "GET\n", "G\u00cbT", "a:b", "CONNECT", "trace"})
    void of_methodsThatAreNone_areRefused(String method) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> head(TestClient.request(method, "http://a.example/", "")))
                .withMessageContaining("method");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a b", "a:", "a\r\nb", "\u00e4", "a\u0000", "a(", "content-length "})
    void of_headerNamesThatAreNoTokens_areRefused(String name) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> head(get(name, "x")))
                .withMessageContaining("must be a token");
    }

    @ParameterizedTest
    @ValueSource(strings = {"x\r\nhost: evil", "x\ny", "x\ry", "x\u0000y", "x\u007fy", "x\u000by"})
    void of_headerValuesThatEndTheirLine_areRefused(String value) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> head(get("x-a", value)))
                .withMessage("header x-a must not hold control characters");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Connection",
                "keep-alive",
                "TE",
                "Trailer",
                "Transfer-Encoding",
                "Upgrade",
                "Proxy-Connection",
                "Expect",
                "Proxy-Authorization",
                "HTTP2-Settings"
            })
    void of_headersAboutTheConnection_areRefused(String name) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> head(get(name, "x")))
                .withMessageContaining("is about the connection");
    }

    @Test
    void of_hostAndLength_mayOnlySayWhatIsTrue() {
        assertThat(head(get("Host", "A.example", "Content-Length", "0")).headers())
                .isEmpty();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> head(get("host", "b.example")))
                .withMessage("header host must be left out, or be a.example");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> head(get("content-length", "5")))
                .withMessage("header content-length must be left out, or be 0");
        assertThatIllegalArgumentException().isThrownBy(() -> head(get("content-length", "+0")));
    }

    @Test
    void of_emptyMethod_isGet() {
        assertThat(head(TestClient.request("", "http://a.example/", "")).method())
                .isEqualTo("GET");
    }

    @Test
    void of_tooManyHeaders_areRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> head(get("x", "y".repeat(1_024))))
                .withMessageContaining("larger than 1024 bytes (max_header_bytes)");
        var many = OutgoingRequest.newBuilder();
        for (int i = 0; i <= OutgoingHead.LINES_MAX; i++) {
            many.addHeaders(Header.newBuilder().setName("a"));
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> head(many.build()))
                .withMessageContaining("at most 256 header lines");
    }

    @ParameterizedTest
    @CsvSource({
        "301, POST, GET",
        "302, POST, GET",
        "303, POST, GET",
        "307, POST, POST",
        "308, POST, POST",
        "301, PUT, PUT",
        "302, DELETE, DELETE",
        "303, PUT, GET",
        "303, HEAD, HEAD",
        "303, GET, GET",
        "302, GET, GET",
    })
    void redirected_method_isAsTheStandardSays(int status, String from, String to) {
        OutgoingHead next = head(TestClient.request(from, "http://a.example/", "hi", "content-type", "text/plain"))
                .redirected(status, true);

        assertThat(next.method()).isEqualTo(to);
        assertThat(next.body().isEmpty()).isEqualTo(!from.equals(to) || (status == 303 && from.equals("GET")));
        assertThat(next.headers().isEmpty()).isEqualTo(next.body().isEmpty());
    }

    @Test
    void redirected_toAnotherOrigin_leavesWhatMayBeACredentialBehind() {
        OutgoingHead first = head(get(
                "authorization",
                "Bearer x",
                "cookie",
                "a=b",
                "x-api-key",
                "k",
                "accept",
                "text/html",
                "range",
                "bytes=0-1"));

        assertThat(first.redirected(307, false).headers())
                .extracting(Header::getName)
                .containsExactly("accept", "range");
        assertThat(first.redirected(307, true).headers()).isEqualTo(first.headers());
    }
}
