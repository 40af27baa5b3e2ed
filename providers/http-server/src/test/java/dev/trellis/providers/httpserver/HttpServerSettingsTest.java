package dev.trellis.providers.httpserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.trellis.providers.sdk.Settings;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HttpServerSettingsTest {
    private static HttpServerSettings of(String... pairs) {
        return HttpServerSettings.of(settings(pairs), HttpServerSettings.DEFAULTS);
    }

    private static Settings settings(String... pairs) {
        var values = new java.util.HashMap<String, String>();
        for (int i = 0; i < pairs.length; i += 2) {
            values.put(pairs[i], pairs[i + 1]);
        }
        return Settings.of(values);
    }

    @Test
    void of_nothing_isTheDefaults() {
        assertThat(of()).isEqualTo(HttpServerSettings.DEFAULTS);
        assertThat(HttpServerSettings.DEFAULTS.maxBodyBytes()).isEqualTo(1 << 20);
        assertThat(HttpServerSettings.DEFAULTS.timeout()).isEqualTo(Duration.ofSeconds(2));
        assertThat(HttpServerSettings.ADDRESS_DEFAULT).hasToString("127.0.0.1:8000");
        assertThat(HttpServerSettings.address(Settings.NONE)).isEmpty();
    }

    @Test
    void of_everyKey_isRead() {
        var settings = of(
                "max_body_bytes", "5",
                "body_buffer_bytes", "0",
                "MAX_RESPONSE_BYTES", "6g",
                "timeout_ms", "7",
                "max_requests", "8",
                "max_connections", "9",
                "readonly_mode", "yes",
                "cache_control", "no-store",
                "cors_allowed_origins", "*",
                "cors_allowed_methods", "GET, PUT",
                "cors_allowed_headers", "[\"x-a\"]",
                "cors_exposed_headers", "x-b",
                "cors_max_age_secs", "11");
        assertThat(settings)
                .isEqualTo(new HttpServerSettings(
                        5,
                        0,
                        6L << 30,
                        Duration.ofMillis(7),
                        8,
                        9,
                        true,
                        "no-store",
                        new Cors(
                                List.of("*"),
                                List.of("GET", "PUT"),
                                List.of("x-a"),
                                List.of("x-b"),
                                Duration.ofSeconds(11))));
        assertThat(HttpServerSettings.of(settings("timeout_ms", "99"), settings).readOnly())
                .as("what a link does not set is as the provider says")
                .isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "address, 1.2.3.4:80, 1.2.3.4:80",
        "default_address, 0.0.0.0:8080, 0.0.0.0:8080",
        "address, [::1]:80, '[0:0:0:0:0:0:0:1]:80'",
        "ADDRESS, localhost:80, 127.0.0.1:80",
        "port, 81, 0.0.0.0:81",
        "host, 1.2.3.4, 1.2.3.4:8000",
    })
    void address_ofEachForm_isRead(String key, String value, String expected) {
        assertThat(HttpServerSettings.address(settings(key, value)))
                .map(Object::toString)
                .contains(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "address, 8080",
        "address, ':8080'",
        "address, '::1:8080'",
        "address, 127.0.0.1:65536",
        "address, 127.0.0.1:x",
        "host, example.com",
        "port, -1",
    })
    void address_thatIsNone_isRefused(String key, String value) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> HttpServerSettings.address(settings(key, value)))
                .withMessageContainingAll(key, value);
    }

    @Test
    void address_contradictingPort_isRefused() {
        var agreeing = Settings.of(Map.of("address", "127.0.0.1:80", "port", "80", "host", "127.0.0.1"));
        assertThat(HttpServerSettings.address(agreeing)).isPresent();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> HttpServerSettings.address(settings("address", "127.0.0.1:80", "port", "81")))
                .withMessageContaining("contradicts");
    }

    @ParameterizedTest
    @CsvSource({
        "max_body_bytes, 1025G",
        "max_body_bytes, 9999999999999999",
        "body_buffer_bytes, 17M",
        "max_body_bytes, 0",
        "max_content_len, 2T",
        "max_response_bytes, x",
        "timeout_ms, 0",
        "timeout_ms, 3600001",
        "max_requests, 0",
        "max_connections, 100000",
        "readonly_mode, maybe",
        "cache_control, 'a\rb'",
        "cors_allowed_origins, 'a,,b'",
        "cors_allowed_methods, GET",
        "cors_max_age_secs, -1",
        "tls_cert_file, /x",
        "config_json, {}",
    })
    void of_wrongValue_isRefused(String key, String value) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> of(key, value))
                .withMessageContaining(
                        key.equals("max_content_len")
                                ? "max_body_bytes"
                                : key.equals("cors_allowed_methods") ? "cors_allowed_origins" : key);
    }
}
