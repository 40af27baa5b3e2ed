package dev.trellis.host.wasi;

import static dev.trellis.host.wasi.HttpGuest.get;
import static dev.trellis.host.wasi.HttpGuest.header;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.trellis.host.engine.GuestException;
import dev.trellis.lattice.contracts.http.HttpRequest;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What guests see of the resources of wasi:http, used in the right order and in wrong ones. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class HttpTypesTest {
    private static final String PROBE = "actor-sdk/test-guests/http-probe/http-probe.wasm";

    private static String said(HttpRequest request) throws InterruptedException {
        return HttpGuest.of(PROBE).answer(request).getBody().toStringUtf8();
    }

    @Test
    void incomingRequest_isSeenWithoutWhatIsOfTheConnection() throws InterruptedException {
        HttpRequest request = get("/request?a=b").toBuilder()
                .addHeaders(header("connection", "keep-alive"))
                .addHeaders(header("x-name", "wert ü"))
                .build();
        assertThat(said(request))
                .isEqualTo("Method::Get Some(\"/request?a=b\") Some(Scheme::Http) Some(\"example.org:8080\")"
                        + " [x-name=wert ü] HeaderError::Immutable 2");
    }

    @Test
    void fields_areValidatedAndImmutableOnceGivenAway() throws InterruptedException {
        String forbidden = "Err(HeaderError::Forbidden)\n";
        String invalid = "Err(HeaderError::InvalidSyntax)\n";
        assertThat(said(get("/fields")))
                .isEqualTo("Ok(())\nOk(())\n" + invalid.repeat(5) + "Ok(())\n" + forbidden.repeat(8)
                        + "[[49], [50]]\ntrue\n[]\nOk(())\n" + invalid
                        + "Ok(())\nfalse\n[[51], [52]]\nSome(HeaderError::Forbidden)\n"
                        + "Err(HeaderError::Immutable)\n3\nErr(())\nErr(())");
    }

    @Test
    void bodiesAndStreams_areTakenOnce() throws InterruptedException {
        assertThat(said(get("/once"))).isEqualTo("[true, true, true, true, true, true]");
    }

    @Test
    void outgoingRequest_settersValidate() throws InterruptedException {
        assertThat(said(get("/setters"))).isEqualTo("+--" + "+---" + "+++---------" + "++++----");
    }

    @ParameterizedTest
    @CsvSource({
        "5, 5, ok Ok(())",
        "5, 4, ok Err(ErrorCode::HttpResponseBodySize(Some(4)))",
        "5, 6, Some(ErrorCode::HttpResponseBodySize(Some(6))) Err(ErrorCode::HttpResponseBodySize(Some(6)))"
    })
    void contentLength_isComparedWithWhatIsWritten(int declared, int written, String said) throws InterruptedException {
        assertThat(said(get("/length?declared=" + declared + "&written=" + written)))
                .isEqualTo(said + " true");
    }

    @ParameterizedTest
    @CsvSource({
        "/forged?handle=0, unknown handle index 0",
        "/forged?handle=9999, unknown handle index 9999",
        "/forged?handle=1, wrong type",
        "/set-twice, unknown handle index",
        "/finish-before-stream, must not be finished before its output-stream",
        "/body-before-stream, must not be dropped before its input-stream",
        "/stream-before-pollable, a resource ends after those made of it",
        "/unpermitted, check-write",
        "/many-lines, fields hold at most 1024 lines",
        "/large-value?bytes=140000, fields hold at most",
        "/many-fields, HTTP fields and bodies of one call take at most"
    })
    void wrongUse_isATrapWithItsRule(String target, String rule) {
        assertThatExceptionOfType(GuestException.class)
                .isThrownBy(() -> said(get(target)))
                .withMessageContaining(rule);
    }

    @Test
    void largeValue_belowTheBound_isTaken() throws InterruptedException {
        assertThat(said(get("/large-value?bytes=100000"))).isEqualTo("taken");
    }
}
