package dev.trellis.host.wasi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.trellis.host.engine.GuestException;
import dev.trellis.host.engine.GuestFailure;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WasiCommandTest {
    private final Probe probe = new Probe();

    @Test
    void run_environment_isWhatWasGivenAndNothingElse() throws InterruptedException {
        probe.variables.put("A", "1");
        probe.variables.put("B", "two=2");
        assertThat(probe.lines("args", "env", "cwd", "tty", "dirs"))
                .containsExactly("probe|args|env|cwd|tty|dirs", "A=1|B=two=2", "None", "false false", "");
    }

    @ParameterizedTest
    @CsvSource({"exit 0,0", "exit 7,7", "exit 255,255", "exit-ok,0", "exit-error,1", "fail,1", "permit,0"})
    void run_end_isTheExitCode(String step, int code) throws InterruptedException {
        assertThat(probe.run(step).exitCode()).isEqualTo(code);
    }

    @Test
    void run_exit_endsBeforeTheNextStep() throws InterruptedException {
        assertThat(probe.run("exit 3", "args").out()).isEmpty();
    }

    @Test
    void run_trap_isAFailure() {
        assertThatExceptionOfType(GuestException.class)
                .isThrownBy(() -> probe.run("trap"))
                .satisfies(e -> assertThat(e.failure()).isInstanceOf(GuestFailure.Trapped.class));
    }

    @ParameterizedTest
    @ValueSource(strings = {"spin", "sleep-for-ever", "poll 18446744073709551 9999999"})
    void run_withoutEnd_isEndedAtItsTimeBudget(String step) {
        probe.limits = Probe.LIMITS.withTimeBudget(Duration.ofMillis(200));
        assertThatExceptionOfType(GuestException.class)
                .isThrownBy(() -> probe.run(step))
                .satisfies(e -> assertThat(e.failure()).isInstanceOf(GuestFailure.TimedOut.class));
    }

    @Test
    void stdio_input_isReadToItsEnd() throws InterruptedException {
        assertThat(probe.input("abc").lines("stdin 2")).containsExactly("'abc'");
        assertThat(probe.input("x".repeat(200_000)).lines("stdin max", "stdin 1"))
                .containsExactly("200000 bytes", "''");
        assertThat(probe.input("abcdef").lines("skip-stdin 4", "stdin 100")).containsExactly("4", "'ef'");
    }

    @Test
    void stdio_splice_copiesInputToOutput() throws InterruptedException {
        assertThat(probe.input("some text\n").lines("cat")).containsExactly("some text", "10 bytes");
    }

    @Test
    void stdio_errors_goToStandardError() throws InterruptedException {
        assertThat(probe.run("err one_two").err()).isEqualTo("one\ntwo");
    }

    @Test
    void stdio_ofAnActor_isItsLogByLine() throws InterruptedException {
        assertThat(Probe.asActor("err one_", "out a", "err tw", "err o_three", "stdin 5", "log critical web down"))
                .containsExactly(
                        "WARN one",
                        "INFO told",
                        "INFO a",
                        "INFO told",
                        "WARN two",
                        "INFO told",
                        "INFO ''",
                        "ERROR web: down",
                        "INFO logged",
                        "WARN three");
    }

    @Test
    void clocksAndRandom_behave() throws InterruptedException {
        assertThat(probe.lines(
                        "clocks", "past", "sleep 3", "sleep-until 3", "differ", "random 100000", "poll 5000 0 5000"))
                .containsExactly("true true true true", "true", "true", "true", "true true true", "100000", "[1]");
    }

    @Test
    void sockets_areRefused() throws InterruptedException {
        assertThat(probe.lines("tcp", "udp", "resolve localhost"))
                .containsExactly("! access-denied", "! access-denied", "! access-denied");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "random max",
                "poll-none",
                "poll-many 10001",
                "handles 300000",
                "overwrite",
                "blocking-overwrite",
                "zeroes 4097",
                "zeroes max",
                "drop-early"
            })
    void call_beyondWhatIsAllowed_isATrap(String step) {
        assertThatExceptionOfType(GuestException.class)
                .isThrownBy(() -> probe.run(step))
                .satisfies(e -> assertThat(e.failure()).isInstanceOf(GuestFailure.Trapped.class));
    }

    @Test
    void poll_asManyAsAllowed_isAnswered() throws InterruptedException {
        assertThat(probe.lines("poll-many 10000", "zeroes 4096"))
                .hasSize(2)
                .first()
                .isEqualTo("10000");
    }

    @Test
    void directory_thatIsNone_isRefused() {
        assertThatExceptionOfType(java.io.UncheckedIOException.class)
                .isThrownBy(() -> probe.in(Path.of("/nowhere/at/all"), true).run("dirs"));
    }
}
