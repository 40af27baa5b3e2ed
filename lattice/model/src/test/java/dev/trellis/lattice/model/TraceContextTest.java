package dev.trellis.lattice.model;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TraceContextTest {
    private static final String PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    @Test
    void parse_validHeader_isWrittenTheSameAgain() {
        var context = TraceContext.parse(PARENT, "vendor=1").orElseThrow();

        assertThat(context.parent()).isEqualTo(PARENT);
        assertThat(context.traceId()).isEqualTo("4bf92f3577b34da6a3ce929d0e0e4736");
        assertThat(context.sampled()).isTrue();
        assertThat(context.state()).isEqualTo("vendor=1");
    }

    @Test
    void parse_laterVersionThatSaysMore_isRead() {
        assertThat(TraceContext.parse("01" + PARENT.substring(2) + "-more", "")).isPresent();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "00",
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
                "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
                "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
            })
    void parse_anythingElse_isEmpty(String parent) {
        assertThat(TraceContext.parse(parent, "")).isEmpty();
    }

    @Test
    void state_tooLongOrNotPrintable_isDropped() {
        assertThat(TraceContext.parse(PARENT, "a=" + "b".repeat(600))
                        .orElseThrow()
                        .state())
                .isEmpty();
        assertThat(TraceContext.parse(PARENT, "a=b\r\nset-cookie: c")
                        .orElseThrow()
                        .state())
                .isEmpty();
    }
}
