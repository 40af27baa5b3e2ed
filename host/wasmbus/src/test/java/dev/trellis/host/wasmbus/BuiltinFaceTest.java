package dev.trellis.host.wasmbus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.slf4j.event.Level;

class BuiltinFaceTest {
    private static final long SEED = 42;

    @Test
    void decodeLogEntry_info_isTheVector() {
        var entry = BuiltinFace.decodeLogEntry(Hex.parse("82 a5 6c6576656c a4 696e666f a4 74657874 a1 78"));

        assertThat(entry).isEqualTo(new BuiltinFace.LogEntry(Level.INFO, "x"));
    }

    @Test
    void decodeLogEntry_unknownLevel_isError() {
        var entry = BuiltinFace.decodeLogEntry(Hex.parse("92 a4 6c6f7564 a1 78"));

        assertThat(entry.level()).isEqualTo(Level.ERROR);
    }

    @Test
    void randomInRange_vector_isInsideItsLimits() {
        var random = new Random(SEED);
        for (int i = 0; i < 1_000; i++) {
            GuestBytes number = BuiltinFace.randomInRange(Hex.parse("82 a3 6d696e 00 a3 6d6178 0a"), random);
            assertThat(new MessagePackReader(number).integer(0, 0xffff_ffffL)).isBetween(0L, 10L);
        }
    }

    @Test
    void randomInRange_wholeRange_isTaken() {
        GuestBytes number = BuiltinFace.randomInRange(Hex.parse("92 00 ce ff ff ff ff"), new Random(SEED));

        assertThat(new MessagePackReader(number).integer(0, 0xffff_ffffL)).isNotNegative();
    }

    @Test
    void randomInRange_minAboveMax_isRefused() {
        assertThatExceptionOfType(MessagePackException.class)
                .isThrownBy(() -> BuiltinFace.randomInRange(Hex.parse("92 02 01"), new Random(SEED)))
                .withMessage("min 2 must be at most max 1");
    }

    @Test
    void generateGuid_isVersion4InLowerCase() {
        String guid = new MessagePackReader(BuiltinFace.generateGuid(new Random(SEED))).string();

        assertThat(UUID.fromString(guid)).hasToString(guid);
        assertThat(UUID.fromString(guid).version()).isEqualTo(4);
        assertThat(UUID.fromString(guid).variant()).isEqualTo(2);
    }

    @Test
    void health_derivedResponder_isTheVector() {
        assertThat(ActorHealth.decode(Hex.parse("81 a7 68 65 61 6c 74 68 79 c3")))
                .isEqualTo(new ActorHealth(true, ""));
        assertThat(ActorHealth.decode(Hex.parse("92 c2 c0"))).isEqualTo(new ActorHealth(false, ""));
    }
}
