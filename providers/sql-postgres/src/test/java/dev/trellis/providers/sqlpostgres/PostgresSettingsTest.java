package dev.trellis.providers.sqlpostgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.trellis.providers.sdk.Settings;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PostgresSettingsTest {
    private static final String SECRET = "s3cret";
    private static final String GOOD = "postgres://ann:" + SECRET + "@db.example/shop";

    private static PostgresSettings read(Map<String, String> settings) {
        return PostgresSettings.read(Settings.of(settings), PostgresSettings.NONE);
    }

    private static String encoded(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    @ParameterizedTest
    @CsvSource({
        "postgres://ann:pw@db.example:6543/shop, db.example, 6543, shop, ann, pw, prefer",
        "postgresql://ann@db.example, db.example, 5432, ann, ann, '', prefer",
        "POSTGRES://ann:pw@[::1]:1/shop?sslmode=disable, ::1, 1, shop, ann, pw, disable",
        "postgres://a%40n:p%3Aw%25+%2F@h/d%20b?sslmode=VERIFY-FULL, h, 5432, d b, a@n, p:w%+/, verify-full",
        "postgres://ann:a:b@h/?sslmode=require&, h, 5432, ann, ann, a:b, require",
    })
    void uri_good_isRead(
            String uri, String host, int port, String database, String user, String password, String sslMode) {
        assertThat(PostgresAddress.parse(uri))
                .isEqualTo(new PostgresAddress(host, port, database, user, password, sslMode));
    }

    @ParameterizedTest
    @CsvSource({
        "mysql://ann:s3cret@h/d, expected postgres://",
        "postgres://ann:s3cret@/d, expected postgres://",
        "postgres://ann:s3@cret@h/d, percent-encoded",
        "postgres://ann:s3cret@h:x/d, expected postgres://",
        "postgres://ann:s3cret@h:0/d, port 0",
        "postgres://ann:s3cret@h:65536/d, port 65536",
        "postgres://h/d, names no user",
        "postgres://:s3cret@h/d, names no user",
        "postgres://ann:%zzs3cret@h/d, '%'' in its password'",
        "postgres://ann:s3cret%00@h/d, NUL in its password",
        "postgres://ann:s3cret@h/d#x, expected postgres://",
        "postgres://ann:s3cret@h/d?sslmode=maybe, 'sslmode ''maybe'', expected one of [allow, disable'",
        "postgres://ann:s3cret@h/d?sslmode, sslmode 'sslmode'",
        "postgres://ann:s3cret@h/d?password=s3cret, parameter 'password'",
    })
    void uri_bad_saysWhatIsExpectedWithoutThePassword(String uri, String message) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> read(Map.of("uri", uri)))
                .withMessageContaining(message)
                .satisfies(PostgresSettingsTest::hidesTheSecret);
    }

    @Test
    void uri_empty_isLikeNone() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new PostgresStores(PostgresSettings.NONE).key(Settings.of(Map.of("uri", ""))))
                .withMessageContaining("uri is missing");
    }

    @Test
    void uri_tooLong_isRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> PostgresAddress.parse(GOOD + "x".repeat(5000)))
                .satisfies(PostgresSettingsTest::hidesTheSecret);
    }

    @Test
    void toString_ofAddressAndSettings_hasNoLogin() {
        PostgresSettings settings = read(Map.of("uri", GOOD));

        assertThat(settings.address().orElseThrow()).hasToString("postgres://db.example:5432/shop");
        assertThat(settings.toString()).doesNotContain(SECRET).doesNotContain("ann");
    }

    @Test
    void json_good_isReadPlainAndInBase64() {
        String json = "{\"uri\": \"" + GOOD + "\", \"pool\": {\"max_connections\": 3, \"min_idle\": 2,"
                + " \"max_lifetime_secs\": 60, \"idle_timeout_secs\": 20, \"connection_timeout_millis\": 700}}";

        PostgresSettings settings = read(Map.of("config_json", json));

        assertThat(settings.address()).contains(PostgresAddress.parse(GOOD));
        assertThat(settings.pool())
                .isEqualTo(
                        new PoolLimits(3, 2, Duration.ofSeconds(60), Duration.ofSeconds(20), Duration.ofMillis(700)));
        assertThat(read(Map.of("config_b64", encoded(json)))).isEqualTo(settings);
    }

    @Test
    void json_besideOtherSettings_countsLess() {
        PostgresSettings settings = read(Map.of(
                "config_json",
                "{\"uri\": \"" + GOOD + "\", \"pool\": {\"max_connections\": 3}}",
                "max_connections",
                "5"));

        assertThat(settings.pool().connectionsMax()).isEqualTo(5);
        assertThat(settings.address()).isPresent();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"uri\": \"postgres://ann:s3cret@h/d\"",
                "[\"s3cret\"]",
                "\"s3cret\"",
                "null",
                "{\"uri\": [\"s3cret\"]}",
                "{\"password\": \"s3cret\"}",
                "{\"pool\": 1}",
                "{\"pool\": {\"max_connections\": \"s3cret\"}}",
                "{\"pool\": {\"max_connections\": 1.5}}",
                "{\"pool\": {\"max_connections\": 0}}",
                "{\"pool\": {\"max_connections\": 99999999999999999999}}",
                "{\"pool\": {\"size\": 1}}",
                "{\"uri\": \"mysql://ann:s3cret@h/d\"}",
            })
    void json_bad_saysWhatIsExpectedWithoutThePassword(String json) {
        for (Map<String, String> settings : List.of(Map.of("config_json", json), Map.of("config_b64", encoded(json)))) {
            Throwable refused = catchThrowable(() -> read(settings));

            assertThat(refused).isInstanceOf(IllegalArgumentException.class);
            assertThat(refused.getMessage()).matches("(?s).*(must|expected|is not JSON|longer).*");
            hidesTheSecret(refused);
        }
    }

    @Test
    void json_tooLong_isRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> read(Map.of("config_json", "{\"uri\": \"" + "x".repeat(20_000) + "\"}")))
                .withMessageContaining("longer than");
    }

    @Test
    void base64_bad_isRefusedWithoutTheText() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> read(Map.of("config_b64", "{" + SECRET + "}")))
                .withMessageContaining("config_b64 is not base64")
                .satisfies(PostgresSettingsTest::hidesTheSecret);
    }

    @Test
    void jsonAndBase64_both_areRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> read(Map.of("config_json", "{}", "config_b64", encoded("{}"))))
                .withMessageContaining("keep one of them");
    }

    @Test
    void settings_unknown_areRefusedAndThoseOfOtherProvidersAreNot() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> read(Map.of("pasword", SECRET)))
                .withMessageContaining("pasword")
                .satisfies(PostgresSettingsTest::hidesTheSecret);
        assertThat(read(Map.of("path", "x.db", "uri", GOOD)).address()).isPresent();
    }

    /** Not in a cause either: those are logged with it. */
    private static void hidesTheSecret(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            assertThat(cause.toString()).doesNotContain(SECRET);
        }
    }
}
