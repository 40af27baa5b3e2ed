package dev.trellis.host.wasmbus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.google.protobuf.ByteString;
import dev.trellis.host.wasmbus.MessagePackReader.FieldNames;
import dev.trellis.host.wasmbus.MessagePackReader.Fields;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.msgpack.core.MessagePack;
import org.msgpack.core.MessagePacker;
import org.msgpack.value.ValueFactory;

class MessagePackTest {
    private static final long SEED = 20_231_107;
    private static final int ROUNDS = 20_000;

    private interface Packing {
        void pack(MessagePacker packer) throws IOException;
    }

    @Test
    void integer_everyWidth_isWhatMsgpackCoreWrites() throws IOException {
        var random = new Random(SEED);
        long[] values = LongStream.concat(
                        LongStream.of(
                                0,
                                127,
                                128,
                                255,
                                256,
                                65_535,
                                65_536,
                                0xffff_ffffL,
                                0x1_0000_0000L,
                                -1,
                                -32,
                                -33,
                                -128,
                                -129,
                                -32_768,
                                -32_769,
                                Integer.MIN_VALUE,
                                Integer.MIN_VALUE - 1L,
                                Long.MAX_VALUE,
                                Long.MIN_VALUE),
                        random.longs(ROUNDS).map(value -> value >> random.nextInt(64)))
                .toArray();
        for (long value : values) {
            var out = new MessagePackWriter(1);
            out.integer(value);
            GuestBytes written = out.finish();
            assertThat(bytes(written)).as("%d", value).isEqualTo(core(packer -> packer.packLong(value)));
            assertThat(new MessagePackReader(written).integer(Long.MIN_VALUE, Long.MAX_VALUE))
                    .isEqualTo(value);
        }
    }

    @Test
    void string_anyText_isWhatMsgpackCoreWritesAndComesBack() throws IOException {
        var random = new Random(SEED);
        for (int round = 0; round < ROUNDS / 10; round++) {
            String text = text(random, random.nextInt(400));
            var out = new MessagePackWriter(1);
            out.string(text);
            GuestBytes written = out.finish();
            assertThat(bytes(written)).as(text).isEqualTo(core(packer -> packer.packString(text)));
            assertThat(new MessagePackReader(written).string()).isEqualTo(text);
            assertThat(new MessagePackReader(written).text().toStringUtf8()).isEqualTo(text);
        }
    }

    @Test
    void headers_everySize_areWhatMsgpackCoreWrites() throws IOException {
        for (int size : new int[] {0, 1, 15, 16, 31, 32, 255, 256, 65_535, 65_536, 70_000}) {
            var out = new MessagePackWriter(1);
            out.arrayHeader(size);
            out.mapHeader(size);
            out.binary(ByteString.copyFrom(new byte[size]));
            out.string(ByteString.copyFrom(new byte[size]));
            byte[] expected = core(packer -> packer.packArrayHeader(size)
                    .packMapHeader(size)
                    .packBinaryHeader(size)
                    .writePayload(new byte[size])
                    .packRawStringHeader(size)
                    .writePayload(new byte[size]));
            assertThat(bytes(out.finish())).as("size %d", size).isEqualTo(expected);
        }
    }

    @Test
    void skip_anyValueOfMsgpackCore_endsWhereItEnds() throws IOException {
        var random = new Random(SEED);
        for (int round = 0; round < ROUNDS / 10; round++) {
            byte[] value = core(packer -> anything(packer, random, 4));
            var in = new MessagePackReader(GuestBytes.of(value));
            in.skip();
            in.end();
        }
    }

    @Test
    void skip_truncatedValue_isRefused() throws IOException {
        var random = new Random(SEED);
        for (int round = 0; round < ROUNDS / 10; round++) {
            byte[] value = core(packer -> anything(packer, random, 3));
            int cut = random.nextInt(value.length);
            assertThatExceptionOfType(MessagePackException.class)
                    .isThrownBy(() -> new MessagePackReader(new GuestBytes(value, cut)).skip());
        }
    }

    @Test
    void skip_aMillionNestedArrays_neitherRecursesNorTakesLong() {
        byte[] nested = new byte[1_000_000];
        java.util.Arrays.fill(nested, (byte) 0x91);
        nested[nested.length - 1] = (byte) 0xc0;
        var in = new MessagePackReader(GuestBytes.of(nested));

        in.skip();

        in.end();
    }

    @Test
    void binary_declaresFourGigabytes_isRefusedWithoutAllocating() {
        for (String hex : new String[] {"c6ffffffff", "dbffffffff", "ddffffffff00", "c6fffffffe00", "dd7fffffff00"}) {
            assertThatExceptionOfType(MessagePackException.class)
                    .as(hex)
                    .isThrownBy(() -> new MessagePackReader(Hex.parse(hex)).binary())
                    .withMessageContaining("but only");
        }
    }

    @Test
    void binary_stringOrListOfIntegers_isTaken() {
        assertThat(new MessagePackReader(Hex.parse("a2 6869")).binary().toStringUtf8())
                .isEqualTo("hi");
        assertThat(new MessagePackReader(Hex.parse("92 68 cc 69")).binary().toStringUtf8())
                .isEqualTo("hi");
        assertThat(new MessagePackReader(Hex.parse("c4 02 6869")).binary().toStringUtf8())
                .isEqualTo("hi");
    }

    @Test
    void string_notUtf8_isRefused() {
        for (String hex : new String[] {"a1 ff", "a2 c0 80", "a3 ed a0 80", "a1 c3"}) {
            assertThatExceptionOfType(MessagePackException.class)
                    .as(hex)
                    .isThrownBy(() -> new MessagePackReader(Hex.parse(hex)).string())
                    .withMessageContaining("not UTF-8");
            assertThatExceptionOfType(MessagePackException.class)
                    .as(hex)
                    .isThrownBy(() -> new MessagePackReader(Hex.parse(hex)).text())
                    .withMessageContaining("not UTF-8");
        }
    }

    @Test
    void string_withTheReplacementCharacterItself_isTaken() {
        assertThat(new MessagePackReader(Hex.parse("a3 ef bf bd")).string()).isEqualTo("\uFFFD");
    }

    @Test
    void fields_anyOrderUnknownKeysOrArray_areWalked() {
        var names = new FieldNames("a", "b");
        for (String hex : new String[] {
            "82 a1 61 01 a1 62 02", "82 a1 62 02 a1 61 01", "84 a1 62 02 a2 7878 91 81 c0 c0 07 c0 a1 61 01", "92 01 02"
        }) {
            Map<Integer, Long> read = new HashMap<>();
            var in = new MessagePackReader(Hex.parse(hex));
            Fields fields = in.fields(names);
            for (int field; (field = fields.next()) != Fields.END; ) {
                read.put(field, in.integer(0, 9));
            }
            in.end();
            assertThat(read).as(hex).isEqualTo(Map.of(0, 1L, 1, 2L));
        }
    }

    @Test
    void fields_sameFieldTwice_isRefused() {
        var in = new MessagePackReader(Hex.parse("82 a1 61 01 a1 61 01"));
        Fields fields = in.fields(new FieldNames("a"));
        fields.next();
        in.skip();

        assertThatExceptionOfType(MessagePackException.class)
                .isThrownBy(fields::next)
                .withMessage("field 'a' is there twice");
    }

    @Test
    void reader_randomBytes_endWithAnAnswerOrARefusal() {
        var random = new Random(SEED);
        for (int round = 0; round < ROUNDS * 5; round++) {
            byte[] garbage = new byte[random.nextInt(64)];
            random.nextBytes(garbage);
            try {
                HttpServerFace.decode(GuestBytes.of(garbage));
            } catch (MessagePackException refused) {
                assertThat(refused.getMessage()).isNotEmpty();
            }
        }
    }

    private static void anything(MessagePacker packer, Random random, int depth) throws IOException {
        switch (random.nextInt(depth > 0 ? 11 : 9)) {
            case 0 -> packer.packNil();
            case 1 -> packer.packBoolean(random.nextBoolean());
            case 2 -> packer.packLong(random.nextLong() >> random.nextInt(64));
            case 3 -> packer.packFloat(random.nextFloat());
            case 4 -> packer.packDouble(random.nextDouble());
            case 5 -> packer.packString(text(random, random.nextInt(300)));
            case 6 -> {
                byte[] bytes = new byte[random.nextInt(5) == 0 ? 70_000 : random.nextInt(300)];
                packer.packBinaryHeader(bytes.length).writePayload(bytes);
            }
            case 7 -> {
                byte[] bytes = new byte[random.nextBoolean() ? 1 << random.nextInt(5) : random.nextInt(70_000)];
                packer.packExtensionTypeHeader((byte) 5, bytes.length).writePayload(bytes);
            }
            case 8 -> packer.packValue(ValueFactory.newInteger(Long.MAX_VALUE));
            case 9 -> {
                int size = random.nextInt(20);
                packer.packArrayHeader(size);
                for (int i = 0; i < size; i++) {
                    anything(packer, random, depth - 1);
                }
            }
            default -> {
                int size = random.nextInt(20);
                packer.packMapHeader(size);
                for (int i = 0; i < 2 * size; i++) {
                    anything(packer, random, depth - 1);
                }
            }
        }
    }

    private static String text(Random random, int length) {
        var text = new StringBuilder();
        int codePointMax = random.nextBoolean() ? 0x7f : Character.MAX_CODE_POINT;
        while (text.length() < length) {
            int codePoint = random.nextInt(codePointMax + 1);
            if (codePoint < Character.MIN_SURROGATE || codePoint > Character.MAX_SURROGATE) {
                text.appendCodePoint(codePoint);
            }
        }
        return new String(text.toString().getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
    }

    private static byte[] core(Packing packing) throws IOException {
        try (var packer = MessagePack.newDefaultBufferPacker()) {
            packing.pack(packer);
            return packer.toByteArray();
        }
    }

    private static byte[] bytes(GuestBytes bytes) {
        return bytes.toByteString().toByteArray();
    }
}
