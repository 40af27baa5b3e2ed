package dev.trellis.providers.keyvaluenats;

import static org.assertj.core.api.Assertions.assertThat;

import dev.trellis.lattice.transport.MessageRules;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class KeyNamesTest {
    @Test
    void encode_simpleKey_staysReadable() {
        assertThat(KeyNames.encode("users/42_a-B")).isEqualTo("users/42_a-B");
        assertThat(KeyNames.encode("counter:default")).isEqualTo("counter=3Adefault");
    }

    @Test
    void encode_whatStoresForbid_isEscaped() {
        assertThat(KeyNames.encode("")).isEqualTo("=");
        assertThat(KeyNames.encode("=")).isEqualTo("=3D");
        assertThat(KeyNames.encode(".a.")).isEqualTo("=2Ea=2E");
        assertThat(KeyNames.encode("\u0000")).isEqualTo("=00");
        assertThat(KeyNames.encode("\ud83d\udc0b")).isEqualTo("=F0=9F=90=8B");
    }

    @Test
    void encode_anyKeys_areValidAndDiffer() {
        var random = new Random(7);
        Map<String, String> keyOf = new HashMap<>();
        for (int i = 0; i < 5_000; i++) {
            String key = random.ints(random.nextInt(6), 0, 0x250)
                    .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                    .toString();
            String name = KeyNames.encode(key);
            MessageRules.checkKey(name);
            assertThat(keyOf.merge(name, key, (before, now) -> before)).isEqualTo(key);
        }
    }
}
