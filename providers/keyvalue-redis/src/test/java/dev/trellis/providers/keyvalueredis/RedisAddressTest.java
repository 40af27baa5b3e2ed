package dev.trellis.providers.keyvalueredis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.trellis.providers.sdk.Settings;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class RedisAddressTest {
    @Test
    void parse_hostOnly_takesDefaults() {
        assertThat(RedisAddress.parse("redis://redis_1.local"))
                .isEqualTo(new RedisAddress(false, "redis_1.local", 6379, 0, "", ""));
        assertThat(RedisAddress.parse(" redis://127.0.0.1:6379/ ")).isEqualTo(RedisAddress.DEFAULT);
    }

    @Test
    void parse_everyPart_isRead() {
        assertThat(RedisAddress.parse("rediss://us%40er:p%3Aa+ss%25@[::1]:7000/3"))
                .isEqualTo(new RedisAddress(true, "[::1]", 7000, 3, "us@er", "p:a+ss%"));
        assertThat(RedisAddress.parse("redis://:secret@h"))
                .isEqualTo(new RedisAddress(false, "h", 6379, 0, "", "secret"));
        assertThat(RedisAddress.parse("redis://:a@b@h").password()).isEqualTo("a@b");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "127.0.0.1:6379",
                "http://h",
                "redis://",
                "redis://:hunter2@",
                "redis://:hunter2@h:0",
                "redis://:hunter2@h:65536",
                "redis://:hunter2@h/x",
                "redis://:hunter2@h/65536",
                "redis://:hunter2@h?timeout=1s",
                "redis://:hunter2@h h",
                "redis://:hunter2%zz@h",
                "redis://hunter2@h",
                "redis-sentinel://:hunter2@h"
            })
    void parse_notAnAddress_saysWhatWasExpectedButNoSecret(String url) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> RedisAddress.parse(url))
                .withMessageStartingWith("URL ")
                .satisfies(e -> assertThat(e.toString() + e.getCause()).doesNotContain("hunter2"));
    }

    @Test
    void toString_withLogin_leavesItOut() {
        assertThat(RedisAddress.parse("redis://joe:hunter2@h:1/2")).hasToString("redis://h:1/2");
    }

    @Test
    void address_keyInAnyCase_isRead() {
        assertThat(RedisSettings.address(Settings.of(Map.of("uRl", "redis://h"))))
                .contains(RedisAddress.parse("redis://h"));
        assertThat(RedisSettings.address(Settings.of(Map.of("bucket", "B")))).isEmpty();
    }

    @Test
    void address_unknownKey_namesItAndWhatIsKnown() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> RedisSettings.address(Settings.of(Map.of("ULR", "redis://h"))))
                .withMessageContaining("[ulr]")
                .withMessageContaining("URL");
    }
}
