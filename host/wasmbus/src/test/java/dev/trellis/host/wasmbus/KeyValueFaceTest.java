package dev.trellis.host.wasmbus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import dev.trellis.lattice.contracts.Contracts;
import dev.trellis.lattice.contracts.keyvalue.Count;
import dev.trellis.lattice.contracts.keyvalue.Done;
import dev.trellis.lattice.contracts.keyvalue.Flag;
import dev.trellis.lattice.contracts.keyvalue.GetReply;
import dev.trellis.lattice.contracts.keyvalue.IncrementRequest;
import dev.trellis.lattice.contracts.keyvalue.Key;
import dev.trellis.lattice.contracts.keyvalue.Keys;
import dev.trellis.lattice.contracts.keyvalue.Member;
import dev.trellis.lattice.contracts.keyvalue.Number;
import dev.trellis.lattice.contracts.keyvalue.Range;
import dev.trellis.lattice.contracts.keyvalue.SetRequest;
import dev.trellis.lattice.contracts.keyvalue.Values;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.msgpack.core.MessagePack;

class KeyValueFaceTest {
    private static final long SEED = 19_980_708;
    private static final byte[] FIRST_BYTES = {
        (byte) 0x81, (byte) 0x82, (byte) 0x83, (byte) 0x92, (byte) 0xa3, (byte) 0xd9
    };
    private static final ByteString V = ByteString.copyFromUtf8("v");

    @Test
    void decode_increment_isTheVector() {
        assertDecoded(
                "Increment",
                "82 a3 6b6579 af 636f756e7465723a64656661756c74 a5 76616c7565 01",
                IncrementRequest.newBuilder()
                        .setKey("counter:default")
                        .setDelta(1)
                        .build());
    }

    @ParameterizedTest
    @ValueSource(strings = {"Contains", "Del", "Get", "ListClear", "SetQuery", "SetClear"})
    void decode_bareKey_isTheVector(String operation) {
        assertDecoded(operation, "a1 6b", Key.newBuilder().setKey("k").build());
    }

    @ParameterizedTest
    @ValueSource(strings = {"SetIntersection", "SetUnion"})
    void decode_listOfKeys_isTheVector(String operation) {
        assertDecoded(
                operation,
                "92 a1 61 a1 62",
                Keys.newBuilder().addAllKeys(List.of("a", "b")).build());
    }

    @Test
    void decode_members_haveTheNamesOfTheirService() {
        var member = Member.newBuilder().setKey("k").setValue(V).build();
        String list = "82 a8 6c6973744e616d65 a1 6b a5 76616c7565 a1 76";
        String set = "82 a7 7365744e616d65 a1 6b a5 76616c7565 a1 76";
        assertDecoded("ListAdd", list, member);
        assertDecoded("ListDel", list, member);
        assertDecoded("SetAdd", set, member);
        assertDecoded("SetDel", set, member);
    }

    @Test
    void decode_listRange_takesNegativeEnds() {
        assertDecoded(
                "ListRange",
                "83 a8 6c6973744e616d65 a1 6b a5 7374617274 00 a4 73746f70 ff",
                Range.newBuilder().setKey("k").setStart(0).setStop(-1).build());
    }

    @Test
    void decode_set_takesUnsignedSeconds() {
        assertDecoded(
                "Set",
                "83 a3 6b6579 a1 6b a5 76616c7565 a1 76 a7 65787069726573 ce ff ff ff ff",
                SetRequest.newBuilder()
                        .setKey("k")
                        .setValue(V)
                        .setExpiresSeconds(-1)
                        .build());
        assertDecoded(
                "Set",
                "93 a1 6b a1 76 00",
                SetRequest.newBuilder().setKey("k").setValue(V).build());
    }

    @Test
    void decode_everyOperationOfTheContract_isKnown() {
        operations().forEach(operation -> assertThatExceptionOfType(MessagePackException.class)
                .as(operation)
                .isThrownBy(() -> KeyValueFace.decode(operation, GuestBytes.EMPTY)));
    }

    /** Those that classic guests have messages for. */
    private static List<String> operations() {
        return Contracts.KEYVALUE.operations().keySet().stream()
                .filter(name -> ProviderFace.KEYVALUE
                        .method(KeyValueFace.SERVICE + name)
                        .isPresent())
                .toList();
    }

    @Test
    void decode_incrementBeyond32Bits_isRefused() {
        assertThatExceptionOfType(MessagePackException.class)
                .isThrownBy(() -> KeyValueFace.decode("Increment", Hex.parse("92 a1 6b ce 80 00 00 00")))
                .withMessageContaining("2147483648");
    }

    @Test
    void decode_moreKeysThanTheLimit_isRefused() {
        var out = new MessagePackWriter(100_000);
        out.arrayHeader(KeyValueFace.KEYS_MAX + 1);
        for (int i = 0; i <= KeyValueFace.KEYS_MAX; i++) {
            out.string("");
        }
        GuestBytes request = out.finish();

        assertThatExceptionOfType(MessagePackException.class)
                .isThrownBy(() -> KeyValueFace.decode("SetUnion", request))
                .withMessageContaining("at most 65536 keys");
    }

    @Test
    void decode_randomBytes_endWithAMessageOrARefusal() {
        var random = new Random(SEED);
        for (int round = 0; round < 20_000; round++) {
            byte[] garbage = new byte[1 + random.nextInt(48)];
            random.nextBytes(garbage);
            garbage[0] = FIRST_BYTES[random.nextInt(FIRST_BYTES.length)];
            for (String operation : operations()) {
                try {
                    assertThat(KeyValueFace.decode(operation, GuestBytes.of(garbage)))
                            .isNotNull();
                } catch (MessagePackException refused) {
                    assertThat(refused.getMessage()).isNotEmpty();
                }
            }
        }
    }

    @Test
    void decode_requestsOfMsgpackCore_comeBack() throws Exception {
        var random = new Random(SEED);
        for (int round = 0; round < 2_000; round++) {
            String key = "k\u00e9y" + random.nextInt();
            String value = "v\u20ac".repeat(random.nextInt(40));
            int start = random.nextInt() >> random.nextInt(32);
            int stop = random.nextInt() >> random.nextInt(32);
            long expires = random.nextInt() & 0xffff_ffffL;
            try (var packer = MessagePack.newDefaultBufferPacker()) {
                packer.packMapHeader(4)
                        .packString("stop")
                        .packInt(stop)
                        .packString("listName")
                        .packString(key);
                packer.packString("later")
                        .packArrayHeader(1)
                        .packNil()
                        .packString("start")
                        .packInt(start);
                assertThat(KeyValueFace.decode("ListRange", GuestBytes.of(packer.toByteArray())))
                        .isEqualTo(Range.newBuilder()
                                .setKey(key)
                                .setStart(start)
                                .setStop(stop)
                                .build());
                packer.clear();
                packer.packArrayHeader(3).packString(key).packString(value).packLong(expires);
                assertThat(KeyValueFace.decode("Set", GuestBytes.of(packer.toByteArray())))
                        .isEqualTo(SetRequest.newBuilder()
                                .setKey(key)
                                .setValue(ByteString.copyFromUtf8(value))
                                .setExpiresSeconds((int) expires)
                                .build());
            }
        }
    }

    @Test
    void encode_numbers_areTheVectors() {
        assertEncoded(Number.newBuilder().setValue(7).build(), "07");
        assertEncoded(Number.newBuilder().setValue(-1).build(), "ff");
        assertEncoded(Number.newBuilder().setValue(300).build(), "cd 01 2c");
        assertEncoded(Count.newBuilder().setCount(-1).build(), "ce ff ff ff ff");
    }

    @Test
    void encode_getReply_isTheVector() {
        assertEncoded(
                GetReply.newBuilder().setExists(true).setValue(V).build(), "82 a5 76616c7565 a1 76 a6 657869737473 c3");
        assertEncoded(GetReply.getDefaultInstance(), "82 a5 76616c7565 a0 a6 657869737473 c2");
    }

    @Test
    void encode_others_areTheVectors() {
        assertEncoded(
                Values.newBuilder()
                        .addValues(ByteString.copyFromUtf8("a"))
                        .addValues(ByteString.copyFromUtf8("b"))
                        .build(),
                "92 a1 61 a1 62");
        assertEncoded(Values.getDefaultInstance(), "90");
        assertEncoded(Flag.newBuilder().setValue(true).build(), "c3");
        assertEncoded(Flag.getDefaultInstance(), "c2");
        assertEncoded(Done.getDefaultInstance(), "");
    }

    @Test
    void encode_valueNotUtf8_isRefused() {
        ByteString bytes = ByteString.copyFrom(new byte[] {(byte) 0xff});
        for (MessageLite reply : List.of(
                GetReply.newBuilder().setValue(bytes).build(),
                Values.newBuilder().addValues(bytes).build())) {
            assertThatExceptionOfType(MessagePackException.class)
                    .isThrownBy(() -> KeyValueFace.encode(reply))
                    .withMessageContaining("is not UTF-8");
        }
    }

    @Test
    void encode_numberBeyond32Bits_isRefused() {
        assertThatExceptionOfType(MessagePackException.class)
                .isThrownBy(() -> KeyValueFace.encode(
                        Number.newBuilder().setValue(1L << 31).build()))
                .withMessageContaining("2147483648");
    }

    @Test
    void encode_manyLongValues_areWhatMsgpackCoreReads() throws Exception {
        var values = Values.newBuilder();
        for (int i = 0; i < 3_000; i++) {
            values.addValues(ByteString.copyFromUtf8("\u00fc".repeat(i)));
        }

        byte[] encoded = KeyValueFace.encode(values.build()).toByteString().toByteArray();

        try (var unpacker = MessagePack.newDefaultUnpacker(encoded)) {
            var list = unpacker.unpackValue().asArrayValue().list();
            assertThat(list).hasSize(3_000);
            assertThat(list.get(2_999).asStringValue().asString()).isEqualTo("\u00fc".repeat(2_999));
            assertThat(unpacker.hasNext()).isFalse();
        }
    }

    private static void assertDecoded(String operation, String hex, MessageLite expected) {
        assertThat(KeyValueFace.decode(operation, Hex.parse(hex))).isEqualTo(expected);
    }

    private static void assertEncoded(MessageLite reply, String hex) {
        assertThat(Hex.format(KeyValueFace.encode(reply))).isEqualTo(Hex.compact(hex));
    }
}
