package dev.trellis.host.wasi;

import com.google.protobuf.ByteString;
import dev.trellis.host.actor.ActorLimits;
import dev.trellis.host.actor.GuestCall;
import dev.trellis.host.actor.GuestServices;
import dev.trellis.host.component.ComponentExport;
import dev.trellis.host.component.ComponentInstance;
import dev.trellis.host.component.LinkedComponent;
import dev.trellis.host.component.Result;
import dev.trellis.host.component.ValidComponent;
import dev.trellis.host.engine.GuestException;
import dev.trellis.host.engine.GuestFailure;
import dev.trellis.host.engine.GuestLimits;
import dev.trellis.host.engine.WasmEngine;
import dev.trellis.lattice.contracts.Contracts;
import dev.trellis.lattice.contracts.Deadline;
import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.LinkName;
import dev.trellis.lattice.model.TraceContext;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;

/**
 * A component that exports {@code wasi:cli/run}, run by hand: with arguments, standard streams and directories, and without
 * links. Safe for concurrent use.
 */
public final class WasiCommand {
    /** The function that commands export. */
    public static final String RUN = "wasi:cli/run@" + WasiImports.VERSION + "#run";

    private static final EntityId ACTOR = new EntityId("command");
    private static final ActorLimits LIMITS = ActorLimits.DEFAULTS.withLogBytesMax(Integer.MAX_VALUE);

    private final LinkedComponent linked;
    private final ComponentExport run;

    private WasiCommand(LinkedComponent linked, ComponentExport run) {
        this.linked = linked;
        this.run = run;
    }

    /** Whether this is what such components look like. */
    public static boolean isCommand(ValidComponent component) {
        return component.type().exports().keySet().stream().anyMatch(name -> name.startsWith("wasi:cli/run@0.2."));
    }

    /**
     * Links a command.
     *
     * @throws dev.trellis.host.component.ComponentLinkException if it imports what commands do not get
     * @throws dev.trellis.host.engine.InvalidModuleException if a module in it cannot be compiled
     * @throws IllegalArgumentException if it is no command
     */
    public static WasiCommand link(ValidComponent component, WasmEngine engine) throws InterruptedException {
        if (!isCommand(component)) {
            throw new IllegalArgumentException("the component must export wasi:cli/run@0.2.x to be a command");
        }
        LinkedComponent linked = LinkedComponent.link(component, engine, WasiImports.all());
        return new WasiCommand(
                linked,
                linked.export(RUN)
                        .orElseThrow(() -> new IllegalArgumentException(
                                "the component's wasi:cli/run must have a function 'run'")));
    }

    /**
     * Runs it once, on this thread.
     *
     * @param limits its time budget counts from the call of {@code run}; until then the start budget does
     * @return the exit code: 0 to 255
     * @throws IOException if a directory cannot be opened
     * @throws GuestException if it ended otherwise than by itself
     * @throws InterruptedException if this thread was interrupted
     */
    public int run(CommandEnvironment environment, GuestLimits limits) throws IOException, InterruptedException {
        List<Preopen> preopens = new ArrayList<>();
        try {
            for (CommandEnvironment.Directory one : environment.directories()) {
                preopens.add(open(one));
            }
            WasiCall call = call(environment, limits, preopens);
            try {
                return run(call, limits);
            } catch (GuestException e) {
                if (e.failure() instanceof GuestFailure.Exited(int code)) {
                    return code;
                }
                throw e;
            } finally {
                call.end();
            }
        } finally {
            preopens.forEach(one -> one.directory().close());
        }
    }

    private int run(WasiCall call, GuestLimits limits) throws InterruptedException {
        try (ComponentInstance instance = linked.newInstance(limits, call)) {
            return instance.call(run) instanceof Result.Err ? 1 : 0;
        }
    }

    private static Preopen open(CommandEnvironment.Directory directory) throws IOException {
        if (!LinuxFiles.supported()) {
            throw new IOException(
                    "directories can be given to commands on Linux only, this is " + System.getProperty("os.name"));
        }
        if (!Files.isDirectory(directory.host())) {
            throw new IOException(
                    directory.host() + (Files.exists(directory.host()) ? " is no directory" : " does not exist"));
        }
        Path real = directory.host().toRealPath();
        try {
            return new Preopen(FileHandle.of(real), directory.guestPath(), directory.writable());
        } catch (FileException e) {
            throw new IOException(directory.host() + ": " + e.error().label(), e);
        }
    }

    private static WasiCall call(CommandEnvironment environment, GuestLimits limits, List<Preopen> preopens) {
        Deadline deadline = Deadline.in(limits.timeBudget());
        Invocation invocation = Invocation.first(
                EntityId.OPERATOR,
                ACTOR,
                LinkName.DEFAULT,
                Contracts.ACTOR,
                "run",
                new Payload.Opaque(ByteString.EMPTY),
                deadline,
                TraceContext.root());
        return new WasiCall(
                ACTOR,
                LIMITS,
                new Unlinked(environment.err()),
                invocation,
                deadline,
                new WasiEnvironment(
                        environment.variables(),
                        environment.arguments(),
                        Optional.empty(),
                        preopens,
                        call -> new ProcessStdio(environment, call.waker())));
    }

    /** No links; what is logged goes to standard error. */
    private record Unlinked(OutputStream err) implements GuestServices {
        private static final SecureRandom RANDOM = new SecureRandom();

        @Override
        public Payload call(Invocation parent, GuestCall call) {
            throw new InvocationException(new InvocationFailure.NotLinked(
                    ACTOR.value(),
                    "a command that is run by hand has no links, not for " + call.namespace() + " either"));
        }

        @Override
        public void log(@Nullable TraceContext trace, Level level, String line) {
            try {
                err.write((level + " " + line + "\n").getBytes(StandardCharsets.UTF_8));
            } catch (IOException e) {
                throw new UncheckedIOException("what the command logs cannot be written", e);
            }
        }

        @Override
        public RandomGenerator random() {
            return RANDOM;
        }
    }
}
