package dev.trellis.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code up} where there is no NATS server. */
class UpInProcessTest {
    @TempDir
    Path folder;

    @Test
    void up_noNatsServer_runsInProcessAndRefusesASecond() throws Exception {
        var shell = new Shell(Map.of("TRELLIS_DATA", folder.toString(), "PATH", ""), _ -> {
            throw new AssertionError("no server is to be connected to");
        });
        var up = new CompletableFuture<Shell.Outcome>();
        Thread runner = Thread.ofPlatform().start(() -> up.complete(shell.run("up", "--label", "site=here")));
        awaitReady(up);

        var second = shell.run("up");
        var list = shell.run("app", "list");
        runner.interrupt();
        var first = up.get(30, TimeUnit.SECONDS);

        assertThat(second.exitCode()).isEqualTo(4);
        assertThat(second.err()).contains("another `trellis up` runs already", folder.toString());
        assertThat(list.exitCode()).isEqualTo(7);
        assertThat(list.err()).contains("its lattice is inside its own process", "install nats-server");
        assertThat(first.exitCode()).isEqualTo(130);
        assertThat(first.out()).contains("Trellis is up", "inside this process", "site=here");
        assertThat(UpState.read(folder)).isEmpty();
    }

    private void awaitReady(CompletableFuture<Shell.Outcome> up) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (!UpState.read(folder).map(UpState::ready).orElse(false)) {
            assertThat(up.isDone()).as(() -> "ended early: " + up.getNow(null)).isFalse();
            assertThat(System.nanoTime()).isLessThan(end);
            LockSupport.parkNanos(20_000_000);
        }
    }
}
