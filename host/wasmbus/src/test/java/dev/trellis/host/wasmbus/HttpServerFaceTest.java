package dev.trellis.host.wasmbus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.google.protobuf.ByteString;
import dev.trellis.lattice.contracts.http.Header;
import dev.trellis.lattice.contracts.http.HttpRequest;
import dev.trellis.lattice.contracts.http.HttpResponse;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.msgpack.core.MessagePack;

class HttpServerFaceTest {
    private static final long SEED = 7_081_998;

    @Test
    void encode_getWithOneHeader_isTheVector() {
        var request = HttpRequest.newBuilder()
                .setMethod("GET")
                .setPath("/")
                .setQuery("a=1")
                .addHeaders(header("accept", "*/*"))
                .build();

        assertThat(Hex.format(HttpServerFace.encode(request)))
                .isEqualTo(
                        Hex.compact("85 a6 6d6574686f64 a3 474554 a4 70617468 a1 2f ab 7175657279537472696e67 a3 613d31"
                                + " a6 686561646572 81 a6 616363657074 91 a3 2a2f2a a4 626f6479 c4 00"));
    }

    @Test
    void decode_okWithBody_isTheVector() {
        HttpResponse response = HttpServerFace.decode(
                Hex.parse("83 aa 737461747573436f6465 cc c8 a6 686561646572 80 a4 626f6479 c4 02 6869"));

        assertThat(response)
                .isEqualTo(HttpResponse.newBuilder()
                        .setStatus(200)
                        .setBody(ByteString.copyFromUtf8("hi"))
                        .build());
    }

    @Test
    void decode_arrayInOrderOfDeclaration_isTaken() {
        HttpResponse response =
                HttpServerFace.decode(Hex.parse("93 cc c8 82 a1 62 92 a1 31 a1 32 a1 61 91 a1 33 a2 6869"));

        assertThat(response.getHeadersList()).containsExactly(header("b", "1"), header("b", "2"), header("a", "3"));
        assertThat(response.getBody().toStringUtf8()).isEqualTo("hi");
    }

    @Test
    void decode_bodyAsListOfIntegers_isTaken() {
        HttpResponse response = HttpServerFace.decode(
                Hex.parse("83 a4 626f6479 92 68 69 a6 686561646572 80 aa 737461747573436f6465 cd 01 94"));

        assertThat(response.getStatus()).isEqualTo(404);
        assertThat(response.getBody().toStringUtf8()).isEqualTo("hi");
    }

    @Test
    void decode_statusNotOfHttp_isRefused() {
        for (String status : new String[] {"00", "63", "cd 03 e8", "cd ff ff"}) {
            assertThatExceptionOfType(MessagePackException.class)
                    .as(status)
                    .isThrownBy(() -> HttpServerFace.decode(Hex.parse("92 " + status + " 80")))
                    .withMessageContaining("statusCode must be from 100 to 999");
        }
        for (String status : new String[] {"ff", "ce 00 01 00 00", "cf ff ff ff ff ff ff ff ff"}) {
            assertThatExceptionOfType(MessagePackException.class)
                    .as(status)
                    .isThrownBy(() -> HttpServerFace.decode(Hex.parse("92 " + status + " 80")))
                    .withMessageContaining("must be from 0 to 65535");
        }
    }

    @Test
    void decode_withoutHeader_isRefused() {
        assertThatExceptionOfType(MessagePackException.class)
                .isThrownBy(() -> HttpServerFace.decode(Hex.parse("81 aa 737461747573436f6465 cc c8")))
                .withMessage("field 'header' is missing");
    }

    @Test
    void decode_moreHeaderLinesThanTheLimit_isRefused() {
        byte[] lines = new byte[20_000];
        var response = new MessagePackWriter(64);
        response.arrayHeader(2);
        response.integer(200);
        response.mapHeader(1);
        response.string("a");
        response.arrayHeader(lines.length);
        java.util.Arrays.fill(lines, (byte) 0xa0);
        response.raw(lines);
        GuestBytes bytes = response.finish();

        assertThatExceptionOfType(MessagePackException.class)
                .isThrownBy(() -> HttpServerFace.decode(bytes))
                .withMessageContaining("at most 1024 lines");
    }

    @Test
    void decode_trailingBytes_areRefused() {
        assertThatExceptionOfType(MessagePackException.class)
                .isThrownBy(() -> HttpServerFace.decode(Hex.parse("92 cc c8 80 00")))
                .withMessageContaining("1 more bytes follow");
    }

    @Test
    void encode_repeatedHeaders_areGroupedByNameInOrderOfFirstAppearance() throws Exception {
        var random = new Random(SEED);
        for (int round = 0; round < 500; round++) {
            Map<String, List<String>> expected = new LinkedHashMap<>();
            var request = HttpRequest.newBuilder().setMethod("POST").setPath("/p\u00e4th");
            int lines = random.nextInt(60);
            for (int i = 0; i < lines; i++) {
                String name = "x-" + random.nextInt(20);
                String value = "v\u00e9" + random.nextInt();
                expected.computeIfAbsent(name, _ -> new ArrayList<>()).add(value);
                request.addHeaders(header(name, value));
            }
            byte[] body = new byte[random.nextInt(1_000)];
            random.nextBytes(body);
            request.setBody(ByteString.copyFrom(body));

            byte[] encoded =
                    HttpServerFace.encode(request.build()).toByteString().toByteArray();

            try (var unpacker = MessagePack.newDefaultUnpacker(encoded)) {
                var fields = unpacker.unpackValue().asMapValue().map();
                assertThat(unpacker.hasNext()).isFalse();
                assertThat(fields.keySet())
                        .extracting(Object::toString)
                        .containsExactly("method", "path", "queryString", "header", "body");
                var values = List.copyOf(fields.values());
                assertThat(values.get(1).asStringValue().asString()).isEqualTo("/p\u00e4th");
                Map<String, List<String>> headers = new LinkedHashMap<>();
                values.get(3)
                        .asMapValue()
                        .map()
                        .forEach((name, all) -> headers.put(
                                name.toString(),
                                all.asArrayValue().list().stream()
                                        .map(Object::toString)
                                        .toList()));
                assertThat(List.copyOf(headers.entrySet())).isEqualTo(List.copyOf(expected.entrySet()));
                assertThat(values.get(4).asBinaryValue().asByteArray()).isEqualTo(body);
            }
        }
    }

    @Test
    void decode_responsesOfMsgpackCore_comeBack() throws Exception {
        var random = new Random(SEED);
        for (int round = 0; round < 2_000; round++) {
            var expected = HttpResponse.newBuilder().setStatus(100 + random.nextInt(900));
            byte[] body = new byte[random.nextInt(300)];
            random.nextBytes(body);
            expected.setBody(ByteString.copyFrom(body));
            try (var packer = MessagePack.newDefaultBufferPacker()) {
                packer.packMapHeader(4);
                packer.packString("body");
                if (random.nextBoolean()) {
                    packer.packBinaryHeader(body.length).writePayload(body);
                } else {
                    packer.packArrayHeader(body.length);
                    for (byte b : body) {
                        packer.packInt(b & 0xff);
                    }
                }
                packer.packString("unknown").packMapHeader(1).packNil().packString("x");
                packer.packString("statusCode").packInt(expected.getStatus());
                packer.packString("header");
                int names = random.nextInt(20);
                packer.packMapHeader(names);
                for (int i = 0; i < names; i++) {
                    String name = "n\u00e4me-" + i;
                    int values = random.nextInt(3);
                    packer.packString(name).packArrayHeader(values);
                    for (int j = 0; j < values; j++) {
                        String value = "\u20ac" + random.nextInt();
                        packer.packString(value);
                        expected.addHeaders(header(name, value));
                    }
                }
                assertThat(HttpServerFace.decode(GuestBytes.of(packer.toByteArray())))
                        .isEqualTo(expected.build());
            }
        }
    }

    private static Header header(String name, String value) {
        return Header.newBuilder().setName(name).setValue(value).build();
    }
}
