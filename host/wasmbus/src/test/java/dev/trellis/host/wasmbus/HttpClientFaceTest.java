package dev.trellis.host.wasmbus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.google.protobuf.ByteString;
import dev.trellis.lattice.contracts.http.Header;
import dev.trellis.lattice.contracts.http.HttpResponse;
import dev.trellis.lattice.contracts.http.OutgoingRequest;
import dev.trellis.lattice.contracts.keyvalue.Done;
import org.junit.jupiter.api.Test;

class HttpClientFaceTest {
    private static final String URL = "68747470733a2f2f612e62632f3f713d31"; // https://a.bc/?q=1

    @Test
    void decode_getWithOneHeader_isTheVector() {
        var request = HttpClientFace.decode(
                "Request",
                Hex.parse("84 a6 6d6574686f64 a3 474554 a3 75726c b1 " + URL
                        + " a7 68656164657273 81 a6 616363657074 92 a1 61 a1 62 a4 626f6479 c4 02 6869"));

        assertThat(request)
                .isEqualTo(OutgoingRequest.newBuilder()
                        .setMethod("GET")
                        .setUrl("https://a.bc/?q=1")
                        .addHeaders(header("accept", "a"))
                        .addHeaders(header("accept", "b"))
                        .setBody(ByteString.copyFromUtf8("hi"))
                        .build());
    }

    @Test
    void decode_otherOrderUnknownFieldAndBodyOfIntegers_isTaken() {
        var request = (OutgoingRequest) HttpClientFace.decode(
                "Request",
                Hex.parse("85 a4 626f6479 92 68 69 a1 78 c0 a7 68656164657273 80 a3 75726c b1 " + URL
                        + " a6 6d6574686f64 a4 504f5354"));

        assertThat(request.getMethod()).isEqualTo("POST");
        assertThat(request.getUrl()).isEqualTo("https://a.bc/?q=1");
        assertThat(request.getBody().toStringUtf8()).isEqualTo("hi");
    }

    @Test
    void decode_headerInTheSingular_isRefused() {
        assertThatExceptionOfType(MessagePackException.class)
                .isThrownBy(() -> HttpClientFace.decode("Request", Hex.parse("81 a6 686561646572 80")))
                .withMessage("field 'headers' is missing");
    }

    @Test
    void decode_cutAnywhere_isRefused() {
        GuestBytes whole = Hex.parse("84 a6 6d6574686f64 a3 474554 a3 75726c b1 " + URL
                + " a7 68656164657273 81 a6 616363657074 91 a1 61 a4 626f6479 c4 02 6869");
        for (int length = 0; length < whole.length(); length++) {
            var cut = new GuestBytes(whole.array(), length);
            assertThatExceptionOfType(MessagePackException.class)
                    .as("%d bytes", length)
                    .isThrownBy(() -> HttpClientFace.decode("Request", cut));
        }
    }

    @Test
    void encode_okWithHeaders_isTheVector() {
        var response = HttpResponse.newBuilder()
                .setStatus(200)
                .addHeaders(header("b", "1"))
                .addHeaders(header("a", "3"))
                .addHeaders(header("b", "2"))
                .setBody(ByteString.copyFromUtf8("hi"))
                .build();

        assertThat(Hex.format(HttpClientFace.encode(response)))
                .isEqualTo(Hex.compact("83 aa 737461747573436f6465 cc c8 a6 686561646572 82 a1 62 92 a1 31 a1 32"
                        + " a1 61 91 a1 33 a4 626f6479 c4 02 6869"));
    }

    @Test
    void encode_anotherMessage_isRefused() {
        assertThatExceptionOfType(MessagePackException.class)
                .isThrownBy(() -> HttpClientFace.encode(Done.getDefaultInstance()))
                .withMessageContaining("must be an HttpResponse");
    }

    private static Header header(String name, String value) {
        return Header.newBuilder().setName(name).setValue(value).build();
    }
}
