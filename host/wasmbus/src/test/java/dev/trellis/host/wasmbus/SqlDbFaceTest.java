package dev.trellis.host.wasmbus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import dev.trellis.lattice.contracts.sql.SqlColumn;
import dev.trellis.lattice.contracts.sql.SqlError;
import dev.trellis.lattice.contracts.sql.SqlReply;
import dev.trellis.lattice.contracts.sql.SqlRequest;
import dev.trellis.lattice.contracts.sql.SqlResult;
import dev.trellis.lattice.contracts.sql.SqlResults;
import dev.trellis.lattice.contracts.sql.SqlRow;
import dev.trellis.lattice.contracts.sql.SqlStatement;
import dev.trellis.lattice.contracts.sql.SqlValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.msgpack.core.MessagePack;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.cbor.CBORMapper;

class SqlDbFaceTest {
    private static final long SEED = 20_110_101;
    private static final CBORMapper CBOR = new CBORMapper();

    // Requests

    @Test
    void decode_sqlOnly_isTheVector() throws Exception {
        assertThat(SqlDbFace.decode(Hex.parse("81 a3 73716c a8 53454c4543542031")))
                .isEqualTo(request("SELECT 1"));
    }

    @Test
    void decode_oneParameter_isTheVector() throws Exception {
        assertThat(SqlDbFace.decode(Hex.parse("82 aa 706172616d6574657273 91 91 01 a3 73716c a1 53")))
                .isEqualTo(request("S", int32(1)));
    }

    @Test
    void decode_everyWayToSayIt_isTheSame() throws Exception {
        var expected = request("S", int32(1)).toBuilder().setDatabase("d").build();
        // any order, an unknown field, parameters as bin; an array in order of declaration
        assertThat(SqlDbFace.decode(Hex.parse(
                        "84 a3 73716c a1 53 a1 78 c0 a8 6461746162617365 a1 64 aa 706172616d6574657273 91 c4 01 01")))
                .isEqualTo(expected);
        assertThat(SqlDbFace.decode(Hex.parse("93 a1 64 91 91 01 a1 53"))).isEqualTo(expected);
        assertThat(SqlDbFace.decode(Hex.parse("93 c0 c0 a1 53"))).isEqualTo(request("S"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"80", "81 a3 73716c 01", "82 aa 706172616d6574657273 01 a3 73716c a1 53", "a1 53", "c0", ""})
    void decode_noStatement_isRefused(String hex) {
        assertThatExceptionOfType(MessagePackException.class).isThrownBy(() -> SqlDbFace.decode(Hex.parse(hex)));
    }

    @ParameterizedTest
    @CsvSource({
        "00, 0",
        "17, 23",
        "18 18, 24",
        "19 0100, 256",
        "1a 00010000, 65536",
        "20, -1",
        "38 ff, -256",
        "1a 7fffffff, 2147483647",
        "3a 7fffffff, -2147483648"
    })
    void parameter_smallInteger_hasThe32BitsKind(String hex, int expected) throws Exception {
        assertThat(parameter(hex)).isEqualTo(int32(expected));
    }

    @ParameterizedTest
    @CsvSource({
        "1a 80000000, 2147483648",
        "1b 7fffffffffffffff, 9223372036854775807",
        "3b 7fffffffffffffff, -9223372036854775808"
    })
    void parameter_largeInteger_hasThe64BitsKind(String hex, long expected) throws Exception {
        assertThat(parameter(hex)).isEqualTo(value().setInt64(expected).build());
    }

    @Test
    void parameter_others_areTheirValues() throws Exception {
        assertThat(parameter("f6")).isEqualTo(SqlValue.getDefaultInstance());
        assertThat(parameter("f7")).isEqualTo(SqlValue.getDefaultInstance());
        assertThat(parameter("f5")).isEqualTo(value().setBool(true).build());
        assertThat(parameter("f4")).isEqualTo(value().setBool(false).build());
        assertThat(parameter("f9 3e00")).isEqualTo(value().setFloat64(1.5).build());
        assertThat(parameter("fa 47c35000"))
                .isEqualTo(value().setFloat64(100_000).build());
        assertThat(parameter("fb 3ff199999999999a"))
                .isEqualTo(value().setFloat64(1.1).build());
        assertThat(parameter("63 61c3a9")).isEqualTo(value().setText("a\u00e9").build());
        assertThat(parameter("7f 61 61 62 c3a9 ff"))
                .isEqualTo(value().setText("a\u00e9").build());
        assertThat(parameter("42 00ff"))
                .isEqualTo(value().setBytes(ByteString.copyFrom(new byte[] {0, (byte) 0xff}))
                        .build());
        assertThat(parameter("5f 41 00 41 ff ff"))
                .isEqualTo(value().setBytes(ByteString.copyFrom(new byte[] {0, (byte) 0xff}))
                        .build());
        assertThat(parameter("c0 74 323032362d31312d32305431333a31343a31355a"))
                .isEqualTo(value().setTimestampZone("2026-11-20T13:14:15Z").build());
        assertThat(parameter("d825 50 6c1e0a529d1c4b539c630a1f3f0a7d11"))
                .isEqualTo(
                        value().setUuid("6c1e0a52-9d1c-4b53-9c63-0a1f3f0a7d11").build());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "18",
                "19 01",
                "61",
                "7b ffffffffffffffff",
                "5a 7fffffff 00",
                "80",
                "a0",
                "9f ff",
                "c1 00",
                "d825 41 00",
                "d9 0100 00",
                "1b 8000000000000000",
                "1b ffffffffffffffff",
                "3b ffffffffffffffff",
                "1c",
                "1f",
                "ff",
                "f8 20",
                "f0",
                "00 00",
                "61 ff",
                "7f 41 00 ff",
                "7f 7f ff ff",
                "7f 61 61",
                "c0 c0 c0 00"
            })
    void parameter_noValue_isAnErrorInsideTheResult(String hex) throws Exception {
        var out = new MessagePackWriter(64);
        out.mapHeader(2);
        out.string("parameters");
        out.arrayHeader(1);
        out.binary(Hex.parse(hex).toByteString());
        out.string("sql");
        out.string("S");
        GuestBytes request = out.finish();

        for (String method : List.of("Query", "Execute")) {
            GuestBytes reply =
                    SqlDbFace.call(method, request, SqlDbFaceTest::notAsked).orElseThrow();
            try (var unpacker = MessagePack.newDefaultUnpacker(reply.array(), 0, reply.length())) {
                String error = unpacker.unpackValue().toJson();
                assertThat(error).contains("\"code\":\"decoding\"").contains("parameter 1 ");
            }
        }
    }

    @Test
    void parameter_whatJacksonWrites_comesBack() throws Exception {
        var random = new Random(SEED);
        for (int round = 0; round < 3_000; round++) {
            long number = random.nextLong() >> random.nextInt(64);
            byte[] bytes = new byte[random.nextInt(300)];
            random.nextBytes(bytes);
            String text = "\u20ac\ud83d\ude00x".repeat(random.nextInt(90));
            double real = Double.longBitsToDouble(random.nextLong());
            assertThat(parse(CBOR.writeValueAsBytes(number)))
                    .isEqualTo(
                            number == (int) number
                                    ? int32((int) number)
                                    : value().setInt64(number).build());
            assertThat(parse(CBOR.writeValueAsBytes(bytes)))
                    .isEqualTo(value().setBytes(ByteString.copyFrom(bytes)).build());
            assertThat(parse(CBOR.writeValueAsBytes(text)))
                    .isEqualTo(value().setText(text).build());
            assertThat(parse(CBOR.writeValueAsBytes(real)).getFloat64()).isEqualTo(Double.valueOf(real));
        }
    }

    @Test
    void parameter_randomBytes_areAValueOrRefused() {
        var random = new Random(SEED);
        for (int round = 0; round < 200_000; round++) {
            byte[] garbage = new byte[random.nextInt(24)];
            random.nextBytes(garbage);
            try {
                assertThat(parse(garbage)).isNotNull();
            } catch (CborValue.CborException refused) {
                assertThat(refused.getMessage()).isNotEmpty();
            }
        }
    }

    // Replies

    @Test
    void encode_execute_isTheVector() {
        // {"rowsAffected": 3}
        assertThat(Hex.format(
                        SqlDbFace.encode(false, reply(SqlResult.newBuilder().setRowsAffected(3)))))
                .isEqualTo(Hex.compact("81 ac 726f77734166666563746564 03"));
    }

    @Test
    void encode_executeThatReturnsRows_countsThem() {
        var result = SqlResult.newBuilder()
                .addColumns(column("id", "int4"))
                .addRows(row(int32(7)))
                .addRows(row(int32(8)));

        assertThat(Hex.format(SqlDbFace.encode(false, reply(result))))
                .isEqualTo(Hex.compact("81 ac 726f77734166666563746564 02"));
    }

    @Test
    void encode_query_isTheVector() {
        var result = SqlResult.newBuilder()
                .addColumns(column("a", "int4"))
                .addColumns(column("b", "text"))
                .addRows(row(int32(1), value().setText("x").build()))
                .addRows(row(int32(-1), SqlValue.getDefaultInstance()));

        assertThat(Hex.format(SqlDbFace.encode(true, reply(result))))
                .isEqualTo(Hex.compact("83"
                        + "a7 6e756d526f7773 02"
                        + "a7 636f6c756d6e73 92"
                        + "83 a7 6f7264696e616c 00 a4 6e616d65 a1 61 a6 646254797065 a4 696e7434"
                        + "83 a7 6f7264696e616c 01 a4 6e616d65 a1 62 a6 646254797065 a4 74657874"
                        + "a4 726f7773 c4 08 82 82 01 61 78 82 20 f6"));
    }

    @Test
    void encode_noRows_isTheDefault() {
        var result = SqlResult.newBuilder().addColumns(column("a", "int4"));

        assertThat(Hex.format(SqlDbFace.encode(true, reply(result))))
                .isEqualTo(Hex.compact("83 a7 6e756d526f7773 00 a7 636f6c756d6e73 90 a4 726f7773 c4 00"));
    }

    @Test
    void encode_error_isInsideTheResult() {
        var reply = SqlReply.newBuilder()
                .setError(SqlError.newBuilder().setSqlstate("23505").setMessage("no"))
                .build();
        // code "db", message "SQLSTATE 23505: no"
        String error = "a5 6572726f72 82 a4 636f6465 a2 6462 a7 6d657373616765 b2 53514c53544154452032333530353a206e6f";

        assertThat(Hex.format(SqlDbFace.encode(false, reply)))
                .isEqualTo(Hex.compact("82 ac 726f77734166666563746564 00" + error));
        assertThat(Hex.format(SqlDbFace.encode(true, reply)))
                .isEqualTo(Hex.compact("84 a7 6e756d526f7773 00 a7 636f6c756d6e73 90 a4 726f7773 c4 00" + error));
    }

    @Test
    void rows_everyKind_areTheVectors() {
        assertRow("f4", value().setBool(false), "bool");
        assertRow("f5", value().setBool(true), "bool");
        assertRow("39 7fff", value().setInt16(Short.MIN_VALUE), "int2");
        assertRow("1a 7fffffff", value().setInt32(Integer.MAX_VALUE), "int4");
        assertRow("3b 7fffffffffffffff", value().setInt64(Long.MIN_VALUE), "int8");
        assertRow("1a ffffffff", value().setInt64(0xffff_ffffL), "oid");
        assertRow("fa 3fc00000", value().setFloat32(1.5f), "float4");
        assertRow("fb 3ff199999999999a", value().setFloat64(1.1), "float8");
        assertRow("64 312e3130", value().setDecimal("1.10"), "numeric");
        assertRow("62 c3a9", value().setText("\u00e9"), "text");
        assertRow("60", value().setText(""), "varchar");
        assertRow("42 00ff", value().setBytes(ByteString.copyFrom(new byte[] {0, (byte) 0xff})), "bytea");
        assertRow("42 a080", value().setText("101000001"), "varbit");
        assertRow("18 41", value().setText("A"), "char");
        assertRow("6a 323032362d31312d3230", value().setDate("2026-11-20"), "date");
        assertRow("68 31333a31343a3135", value().setTime("13:14:15"), "time");
        assertRow(
                "73 323032362d31312d32305431333a31343a3135", value().setTimestamp("2026-11-20T13:14:15"), "timestamp");
        assertRow(
                "74 323032362d31312d32305431333a31343a31355a",
                value().setTimestampZone("2026-11-20T13:14:15Z"),
                "timestamptz");
        assertRow("62 7b7d", value().setJson("{}"), "jsonb");
        assertRow("f6", value(), "text");
    }

    @Test
    void rows_many_areWhatJacksonReads() {
        var random = new Random(SEED);
        var result = SqlResult.newBuilder().addColumns(column("n", "int8")).addColumns(column("t", "text"));
        result.addColumns(column("f", "float8")).addColumns(column("b", "bytea"));
        var expected = new ArrayList<SqlRow>();
        for (int i = 0; i < 2_000; i++) {
            byte[] bytes = new byte[random.nextInt(400)];
            random.nextBytes(bytes);
            var row = row(
                    value().setInt64(random.nextLong() >> random.nextInt(64)).build(),
                    value().setText("\u00fc".repeat(random.nextInt(400))).build(),
                    value().setFloat64(random.nextGaussian()).build(),
                    value().setBytes(ByteString.copyFrom(bytes)).build());
            expected.add(row);
            result.addRows(row);
        }

        JsonNode read = CBOR.readTree(SqlDbFace.rows(result.build()).toByteArray());

        assertThat(read.size()).isEqualTo(2_000);
        for (int i = 0; i < 2_000; i++) {
            SqlRow row = expected.get(i);
            assertThat(read.get(i).get(0).asLong()).isEqualTo(row.getValues(0).getInt64());
            assertThat(read.get(i).get(1).asString()).isEqualTo(row.getValues(1).getText());
            assertThat(read.get(i).get(2).asDouble()).isEqualTo(row.getValues(2).getFloat64());
            assertThat(ByteString.copyFrom(read.get(i).get(3).binaryValue()))
                    .isEqualTo(row.getValues(3).getBytes());
        }
    }

    // Which operation of the contract

    @ParameterizedTest
    @CsvSource({
        "SELECT 1, Query",
        "' -- a\n /* b */ (select 1)', Query",
        "WITH x AS (SELECT 1) SELECT * FROM x, Query",
        "VALUES (1), Query",
        "INSERT INTO t VALUES (1) RETURNING id, Execute",
        "'', Execute",
        "selection, Execute"
    })
    void query_byItsFirstWord_isAskedAsReadOrWrite(String sql, String method) throws Exception {
        var asked = new ArrayList<String>();

        var _ = SqlDbFace.call("Query", statement(sql), (called, _) -> {
            asked.add(called);
            return reply(SqlResult.newBuilder());
        });

        assertThat(asked).containsExactly(method);
    }

    @Test
    void query_thatTurnsOutToWrite_isAskedAgainAsExecute() throws Exception {
        var asked = new ArrayList<String>();

        GuestBytes result = SqlDbFace.call("Query", statement("SELECT write_something()"), (called, _) -> {
                    asked.add(called);
                    return called.equals("Query")
                            ? SqlReply.newBuilder()
                                    .setError(SqlError.newBuilder().setSqlstate(SqlDbFace.READ_ONLY))
                                    .build()
                            : reply(SqlResult.newBuilder()
                                    .addColumns(column("a", "int4"))
                                    .addRows(row(int32(1))));
                })
                .orElseThrow();

        assertThat(asked).containsExactly("Query", "Execute");
        assertThat(Hex.format(result)).startsWith(Hex.compact("83 a7 6e756d526f7773 01"));
    }

    @Test
    void execute_always_isAskedOnceAsExecute() throws Exception {
        var asked = new ArrayList<String>();

        var _ = SqlDbFace.call("Execute", statement("SELECT 1"), (called, _) -> {
            asked.add(called);
            return SqlReply.newBuilder()
                    .setError(SqlError.newBuilder().setSqlstate(SqlDbFace.READ_ONLY))
                    .build();
        });

        assertThat(asked).containsExactly("Execute");
    }

    @Test
    void call_unknownOperation_isNone() throws Exception {
        assertThat(SqlDbFace.call("Ping", GuestBytes.EMPTY, SqlDbFaceTest::notAsked))
                .isEmpty();
    }

    private static MessageLite notAsked(String method, MessageLite request) {
        throw new AssertionError("was asked " + method + " " + request.getSerializedSize());
    }

    private static void assertRow(String hex, SqlValue.Builder value, String type) {
        var result = SqlResult.newBuilder().addColumns(column("c", type)).addRows(row(value.build()));
        assertThat(Hex.format(GuestBytes.of(SqlDbFace.rows(result.build())))).isEqualTo("8181" + Hex.compact(hex));
    }

    private static GuestBytes statement(String sql) {
        var out = new MessagePackWriter(64);
        out.mapHeader(1);
        out.string("sql");
        out.string(sql);
        return out.finish();
    }

    private static SqlValue parameter(String hex) throws CborValue.CborException {
        return CborValue.parse(Hex.parse(hex).toByteString());
    }

    private static SqlValue parse(byte[] cbor) throws CborValue.CborException {
        return CborValue.parse(ByteString.copyFrom(cbor));
    }

    private static SqlRequest request(String sql, SqlValue... parameters) {
        return SqlRequest.newBuilder()
                .addStatements(SqlStatement.newBuilder().setSql(sql).addAllParameters(List.of(parameters)))
                .build();
    }

    private static SqlReply reply(SqlResult.Builder result) {
        return SqlReply.newBuilder()
                .setResults(SqlResults.newBuilder().addResults(result))
                .build();
    }

    private static SqlColumn column(String name, String type) {
        return SqlColumn.newBuilder().setName(name).setDatabaseType(type).build();
    }

    private static SqlRow row(SqlValue... values) {
        return SqlRow.newBuilder().addAllValues(List.of(values)).build();
    }

    private static SqlValue.Builder value() {
        return SqlValue.newBuilder();
    }

    private static SqlValue int32(int value) {
        return value().setInt32(value).build();
    }
}
