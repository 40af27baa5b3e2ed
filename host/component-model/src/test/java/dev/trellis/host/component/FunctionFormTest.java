package dev.trellis.host.component;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.trellis.host.component.DefinedType.Case;
import dev.trellis.host.component.DefinedType.Field;
import dev.trellis.host.component.DefinedType.Shape;
import dev.trellis.host.component.ValueFormException.Reason;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class FunctionFormTest {
    private static final int BYTES_MAX = 1 << 20;
    private static final int FINGERPRINT = 8;
    private static final long SEED = 20261120;

    private static final ValueType LINE = record("item", PrimitiveType.STRING, "count", PrimitiveType.U32);
    private static final ValueType COLOUR = type(new Shape.Variant(
            List.of(new Case("red", Optional.empty()), new Case("grey", Optional.of(PrimitiveType.U8)))));
    private static final ValueType SIZE = type(new Shape.Enumeration(List.of("small", "large")));
    private static final ValueType RIGHTS = type(new Shape.Flags(List.of("a", "b", "c", "d", "e", "f", "g", "h", "i")));

    private static DefinedType type(Shape shape) {
        return new DefinedType(shape);
    }

    private static DefinedType list(ValueType element) {
        return type(new Shape.ListOf(element));
    }

    private static DefinedType option(ValueType some) {
        return type(new Shape.OptionOf(some));
    }

    private static DefinedType result(@Nullable ValueType ok, @Nullable ValueType error) {
        return type(new Shape.ResultOf(Optional.ofNullable(ok), Optional.ofNullable(error)));
    }

    private static DefinedType record(String one, ValueType oneType, String other, ValueType otherType) {
        return type(new Shape.RecordOf(List.of(new Field(one, oneType), new Field(other, otherType))));
    }

    private static FunctionForm form(ValueType... parameters) {
        List<Field> fields = new ArrayList<>();
        for (ValueType parameter : parameters) {
            fields.add(new Field("p" + fields.size(), parameter));
        }
        return FunctionForm.of("f", new FunctionType(false, fields, Optional.empty()));
    }

    private static Arguments vector(ValueType type, Object value, String hex) {
        return Arguments.of(type, value, hex);
    }

    static List<Arguments> vectors() {
        return List.of(
                vector(PrimitiveType.BOOL, false, "00"),
                vector(PrimitiveType.BOOL, true, "01"),
                vector(PrimitiveType.U8, 255, "ff"),
                vector(PrimitiveType.S8, -1, "ff"),
                vector(PrimitiveType.U16, 300, "ac02"),
                vector(PrimitiveType.U16, 65535, "ffff03"),
                vector(PrimitiveType.S16, -1, "7f"),
                vector(PrimitiveType.S16, -32768, "80807e"),
                vector(PrimitiveType.S16, 32767, "ffff01"),
                vector(PrimitiveType.U32, 4294967295L, "ffffffff0f"),
                vector(PrimitiveType.S32, 64, "c000"),
                vector(PrimitiveType.S32, Integer.MIN_VALUE, "8080808078"),
                vector(PrimitiveType.U64, -1L, "ffffffffffffffffff01"),
                vector(PrimitiveType.S64, Long.MIN_VALUE, "8080808080808080807f"),
                vector(PrimitiveType.S64, -1L, "7f"),
                vector(PrimitiveType.F32, 1.5f, "0000c03f"),
                vector(PrimitiveType.F64, -2.0, "00000000000000c0"),
                vector(PrimitiveType.F64, Double.NaN, "000000000000f87f"),
                vector(PrimitiveType.CHAR, (int) 'A', "41"),
                vector(PrimitiveType.CHAR, 0x2603, "e29883"),
                vector(PrimitiveType.CHAR, 0xfffd, "efbfbd"),
                vector(PrimitiveType.CHAR, 0x1f40b, "f09f908b"),
                vector(PrimitiveType.STRING, "", "00"),
                vector(PrimitiveType.STRING, "né", "036ec3a9"),
                vector(PrimitiveType.STRING, "\ufffd", "03efbfbd"),
                vector(list(PrimitiveType.U8), new byte[] {1, -1}, "0201ff"),
                vector(list(PrimitiveType.U16), new short[] {1, -1}, "0201ffff03"),
                vector(list(PrimitiveType.S16), new short[] {1, -1}, "02017f"),
                vector(list(PrimitiveType.U32), new int[] {-1}, "01ffffffff0f"),
                vector(list(PrimitiveType.S32), new int[] {-1}, "017f"),
                vector(list(PrimitiveType.U64), new long[] {128}, "018001"),
                vector(list(PrimitiveType.S64), new long[] {-65}, "01bf7f"),
                vector(list(PrimitiveType.F32), new float[] {0f}, "0100000000"),
                vector(list(PrimitiveType.F64), new double[] {1}, "01000000000000f03f"),
                vector(list(PrimitiveType.BOOL), List.of(true, false), "020100"),
                vector(list(PrimitiveType.STRING), List.of("a", ""), "02016100"),
                vector(type(new Shape.FixedListOf(PrimitiveType.U8, 2)), List.of(1, 2), "0102"),
                vector(type(new Shape.Tuple(List.of(PrimitiveType.U8, PrimitiveType.BOOL))), List.of(7, true), "0701"),
                vector(LINE, List.of("tea", 3L), "0374656103"),
                vector(list(LINE), List.of(List.of("a", 1L)), "01016101"),
                vector(COLOUR, Variant.of("red"), "00"),
                vector(COLOUR, new Variant("grey", 9), "0109"),
                vector(SIZE, "large", "01"),
                vector(RIGHTS, 0x101L, "0101"),
                vector(option(PrimitiveType.U8), Optional.empty(), "00"),
                vector(option(PrimitiveType.U8), Optional.of(5), "0105"),
                vector(result(PrimitiveType.U8, PrimitiveType.STRING), Result.ok(5), "0005"),
                vector(result(PrimitiveType.U8, PrimitiveType.STRING), Result.err("no"), "01026e6f"),
                vector(result(null, null), Result.ok(null), "00"),
                vector(
                        type(new Shape.MapOf(PrimitiveType.STRING, PrimitiveType.U8)),
                        List.of(List.of("a", 1), List.of("b", 2)),
                        "020161010162" + "02"));
    }

    @ParameterizedTest
    @MethodSource("vectors")
    void value_ofEveryType_hasTheseBytes(ValueType type, Object value, String hex) throws Exception {
        FunctionForm form = form(type);

        byte[] bytes = form.writeCall(new Object[] {value}, BYTES_MAX);

        assertThat(values(bytes)).isEqualTo(hex);
        assertThat(form.readCall(bytes)).isEqualTo(new Object[] {value});
    }

    @ParameterizedTest
    @MethodSource("vectors")
    void value_cutShortOrWithMoreBehind_isMalformed(ValueType type, Object value, String hex) throws Exception {
        FunctionForm form = form(type);
        byte[] bytes = form.writeCall(new Object[] {value}, BYTES_MAX);

        for (int length = 0; length < bytes.length; length++) {
            malformed(form, Arrays.copyOf(bytes, length));
        }
        malformed(form, Arrays.copyOf(bytes, bytes.length + 1));
    }

    private static void malformed(FunctionForm form, byte[] bytes) {
        assertThatExceptionOfType(ValueFormException.class)
                .isThrownBy(() -> form.readCall(bytes))
                .satisfies(e -> assertThat(e.reason()).isEqualTo(Reason.MALFORMED));
    }

    private static String values(byte[] bytes) {
        return HexFormat.of().formatHex(bytes, FINGERPRINT, bytes.length);
    }

    private static void malformed(ValueType type, String hex, String expectation) throws Exception {
        FunctionForm form = form(type);
        byte[] values = HexFormat.of().parseHex(hex);
        byte[] bytes = Arrays.copyOf(
                HexFormat.of().parseHex("%016x".formatted(Long.reverseBytes(form.fingerprint()))),
                FINGERPRINT + values.length);
        System.arraycopy(values, 0, bytes, FINGERPRINT, values.length);
        assertThatExceptionOfType(ValueFormException.class)
                .isThrownBy(() -> form.readCall(bytes))
                .withMessageContaining(expectation)
                .satisfies(e -> assertThat(e.reason()).isEqualTo(Reason.MALFORMED));
    }

    @Test
    void read_bytesThatAreNoValue_saysWhatIsWrong() throws Exception {
        malformed(PrimitiveType.BOOL, "02", "at byte 9: the byte of a value of type bool is 0 or 1, it was 2");
        malformed(PrimitiveType.U16, "808004", "does not fit into 16 bits");
        malformed(PrimitiveType.U16, "80808000", "does not fit into 16 bits");
        malformed(PrimitiveType.S16, "808002", "does not fit into 16 bits");
        malformed(PrimitiveType.S16, "ffff7d", "does not fit into 16 bits");
        malformed(PrimitiveType.U32, "ffffffff1f", "does not fit into 32 bits");
        malformed(PrimitiveType.U64, "ffffffffffffffffff02", "does not fit into 64 bits");
        malformed(PrimitiveType.S64, "80808080808080808001", "does not fit into 64 bits");
        malformed(PrimitiveType.CHAR, "eda080", "UTF-8");
        malformed(PrimitiveType.CHAR, "80", "");
        malformed(PrimitiveType.STRING, "01ff", "UTF-8");
        malformed(PrimitiveType.STRING, "ffffffff0f41", "4294967295 elements");
        malformed(list(LINE), "80808010", "elements cannot be in");
        malformed(COLOUR, "02", "a type of 2 cases has none with number 2");
        malformed(SIZE, "05", "a type of 2 cases has none with number 5");
        malformed(RIGHTS, "0002", "flags are set that the type does not have");
        malformed(option(PrimitiveType.U8), "0200", "option is 0 or 1");
        malformed(result(null, null), "02", "result is 0 or 1");
    }

    @Test
    void read_fewBytesThatAreManyObjects_endsAtTheBoundOfMemory() throws Exception {
        ValueType deep = PrimitiveType.BOOL;
        for (int i = 0; i < 50; i++) {
            deep = type(new Shape.Tuple(List.of(deep)));
        }
        FunctionForm form = form(list(deep));
        byte[] call = form.writeCall(new Object[] {List.of()}, BYTES_MAX);
        byte[] bytes = Arrays.copyOf(call, FINGERPRINT + 4 + (1 << 20));
        System.arraycopy(HexFormat.of().parseHex("80808001"), 0, bytes, FINGERPRINT, 4); // 2^21 elements of a byte
        byte[] enough = Arrays.copyOf(bytes, FINGERPRINT + 4 + (1 << 21));

        malformed(form, enough);
    }

    @Test
    void read_randomBytes_endWithValuesOrARefusal() throws Exception {
        FunctionForm form = form(list(LINE), COLOUR, option(RIGHTS), PrimitiveType.STRING, list(PrimitiveType.S64));
        byte[] call = form.writeCall(
                new Object[] {
                    List.of(List.of("a", 1L), List.of("bcd", 400L)),
                    new Variant("grey", 3),
                    Optional.of(5L),
                    "text",
                    new long[] {1, -1, 70}
                },
                BYTES_MAX);
        var random = new Random(SEED);
        for (int round = 0; round < 20_000; round++) {
            byte[] changed = call.clone();
            for (int i = random.nextInt(4); i >= 0; i--) {
                changed[FINGERPRINT + random.nextInt(call.length - FINGERPRINT)] = (byte) random.nextInt();
            }
            try {
                assertThat(form.readCall(changed)).hasSize(5);
            } catch (ValueFormException e) {
                assertThat(e.reason()).isEqualTo(Reason.MALFORMED);
            }
        }
    }

    @Test
    void read_callOfAnotherType_namesThisOne() throws Exception {
        FunctionForm theirs = form(record("item", PrimitiveType.STRING, "number", PrimitiveType.U32));
        FunctionForm ours = form(LINE);
        byte[] call = theirs.writeCall(new Object[] {List.of("tea", 1L)}, BYTES_MAX);

        assertThatExceptionOfType(ValueFormException.class)
                .isThrownBy(() -> ours.readCall(call))
                .withMessageContaining("here it is func(p0: record { item: string, count: u32 })")
                .satisfies(e -> assertThat(e.reason()).isEqualTo(Reason.OTHER_TYPE));
    }

    @Test
    void fingerprint_ofAType_staysWhatItIs() {
        FunctionForm form = FunctionForm.of(
                "quote",
                new FunctionType(
                        false,
                        List.of(new Field("lines", list(LINE)), new Field("size", option(SIZE))),
                        Optional.of(result(PrimitiveType.U64, COLOUR))));

        assertThat(form.signature())
                .isEqualTo("func(lines: list<record { item: string, count: u32 }>, size: option<enum { small, large }>)"
                        + " -> result<u64, variant { red, grey(u8) }>");
        assertThat("%016x".formatted(Long.reverseBytes(form.fingerprint()))).isEqualTo("2e680de9db290fe3");
    }

    @Test
    void result_ofAFunctionWithOne_comesBack() throws Exception {
        FunctionForm form = FunctionForm.of(
                "f", new FunctionType(false, List.of(), Optional.of(result(PrimitiveType.STRING, SIZE))));

        byte[] bytes = form.writeResult(Result.err("small"), BYTES_MAX);

        assertThat(values(bytes)).isEqualTo("0100");
        assertThat(form.readResult(bytes)).isEqualTo(Result.err("small"));
    }

    @Test
    void result_ofAFunctionWithNone_isTheFingerprint() throws Exception {
        FunctionForm form = form();

        byte[] bytes = form.writeResult(null, BYTES_MAX);

        assertThat(bytes).hasSize(FINGERPRINT);
        assertThat(form.readResult(bytes)).isNull();
    }

    @Test
    void write_moreThanTheBound_isRefused() {
        FunctionForm form = form(PrimitiveType.STRING);

        assertThatExceptionOfType(ValueFormException.class)
                .isThrownBy(() -> form.writeCall(new Object[] {"x".repeat(100)}, 50))
                .withMessageContaining("more than 50 bytes")
                .satisfies(e -> assertThat(e.reason()).isEqualTo(Reason.TOO_LARGE));
        assertThatIllegalArgumentException().isThrownBy(() -> form.writeCall(new Object[] {1}, 50));
        assertThatIllegalArgumentException().isThrownBy(() -> form.writeCall(new Object[] {}, 50));
    }

    @Test
    void of_valuesThatBelongToAnInstance_isRefusedByName() {
        var resource = new ResourceType(new Resource("a test"));

        for (ValueType foreign : List.of(
                type(new Shape.Own(resource)),
                list(type(new Shape.Borrow(resource))),
                type(new Shape.StreamOf(Optional.of(PrimitiveType.U8))),
                type(new Shape.FutureOf(Optional.empty())),
                PrimitiveType.ERROR_CONTEXT)) {
            assertThatExceptionOfType(ComponentLinkException.class)
                    .isThrownBy(() -> FunctionForm.of(
                            "import a:b/c, function f", new FunctionType(false, List.of(), Optional.of(foreign))))
                    .withMessageContaining("import a:b/c, function f: values of type");
        }
    }
}
