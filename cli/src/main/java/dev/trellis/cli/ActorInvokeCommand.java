package dev.trellis.cli;

import com.google.protobuf.ByteString;
import dev.trellis.lattice.contracts.Contracts;
import dev.trellis.lattice.contracts.Deadline;
import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.model.ActorDescription;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.HostId;
import dev.trellis.lattice.model.HostInventory;
import dev.trellis.lattice.model.LinkName;
import dev.trellis.lattice.model.TraceContext;
import dev.trellis.wadm.manifest.Slug;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code trellis actor invoke}: one call of an actor, as the operator of the lattice. */
@Command(
        name = "invoke",
        description = {
            "Call an operation of an actor and print the bytes it replies with.",
            "A function of a component takes its arguments as a JSON array, and answers in JSON."
        },
        footer = {
            "",
            "Examples:",
            "  trellis actor invoke user-actor Actor.HealthRequest --data-file request.msgpack",
            "  trellis actor invoke pricing acme:shop/pricing#find --data '[\"apple\"]'"
        })
final class ActorInvokeCommand extends LatticeCommand {
    private static final Duration TIMEOUT_DEFAULT = Duration.ofSeconds(5);

    @Parameters(
            index = "0",
            paramLabel = "NAME",
            description = "Name of the component, id of the actor, or call alias.")
    String name = "";

    @Parameters(
            index = "1",
            paramLabel = "OPERATION",
            description = "Such as Actor.HealthRequest, or acme:shop/pricing#find of a component.")
    String operation = "";

    /** The request: text or a file. */
    static final class Request {
        @Option(names = "--data", paramLabel = "TEXT", description = "Request bytes, as UTF-8 text.")
        @Nullable
        String text;

        @Option(
                names = "--data-file",
                paramLabel = "FILE",
                description = "Request bytes, from a file; - is standard input.")
        @Nullable
        Path file;
    }

    @ArgGroup
    @Nullable
    Request request;

    ActorInvokeCommand(Session session) {
        super(session);
    }

    private record Match(HostInventory host, ActorDescription actor) {}

    @Override
    ExitCode run(LatticeClient client) throws CliException, InterruptedException {
        byte[] data = data();
        Match match = find(client.inventories());
        Invocation invocation = Invocation.first(
                EntityId.OPERATOR,
                new EntityId(match.actor().id()),
                LinkName.DEFAULT,
                Contracts.ACTOR,
                operation,
                new Payload.Opaque(ByteString.copyFrom(data)),
                Deadline.in(session.timeout(TIMEOUT_DEFAULT)),
                TraceContext.root());
        long start = System.nanoTime();
        byte[] reply = client.call(invocation, new HostId(match.host().hostId()))
                .toBytes()
                .toByteArray();
        long micros = (System.nanoTime() - start) / 1000;
        if (console.json()) {
            var document = new LinkedHashMap<String, Object>();
            document.put("actor", match.actor().id());
            document.put("operation", operation);
            document.put("host_id", match.host().hostId());
            document.put("micros", micros);
            document.put("reply_base64", Base64.getEncoder().encodeToString(reply));
            console.document("Reply", document);
        } else {
            console.print(reply);
            if (console.moving() && (reply.length == 0 || reply[reply.length - 1] != '\n')) {
                console.note("");
            }
            console.note(console.dim("%d bytes from %s on %s in %d.%03d ms"
                    .formatted(
                            reply.length,
                            match.actor().id(),
                            match.host().friendlyName(),
                            micros / 1000,
                            micros % 1000)));
        }
        return ExitCode.OK;
    }

    private byte[] data() throws CliException {
        if (request == null) {
            return new byte[0];
        }
        if (request.text != null) {
            return request.text.getBytes(StandardCharsets.UTF_8);
        }
        Path file = request.file;
        try {
            return file == null || file.toString().equals("-") ? System.in.readAllBytes() : Files.readAllBytes(file);
        } catch (IOException e) {
            throw new CliException(
                            ExitCode.NOT_FOUND,
                            "the request cannot be read",
                            "give a file that can be read with --data-file, or text with --data")
                    .at(String.valueOf(file))
                    .because(e);
        }
    }

    private Match find(List<HostInventory> hosts) throws CliException {
        List<Match> matches = new ArrayList<>();
        var known = new TreeSet<String>();
        for (HostInventory host : hosts) {
            for (ActorDescription actor : host.components()) {
                known.add(actor.id());
                if (answersTo(actor)) {
                    matches.add(new Match(host, actor));
                }
            }
        }
        var ids =
                new TreeSet<>(matches.stream().map(match -> match.actor().id()).toList());
        if (ids.isEmpty()) {
            throw new CliException(ExitCode.NOT_FOUND, "no host runs an actor '" + name + "'", "trellis actor list")
                    .because(
                            known.isEmpty()
                                    ? "no host of the lattice runs any actor"
                                    : "running are: " + String.join(", ", known));
        }
        if (ids.size() > 1) {
            throw new CliException(
                            ExitCode.CONFLICT,
                            "'" + name + "' means " + ids.size() + " actors",
                            "name one by its id, such as: trellis actor invoke " + ids.first() + " " + operation)
                    .because(String.join(", ", ids));
        }
        return matches.stream()
                .max(Comparator.comparingInt(match -> match.actor().maxInstances()))
                .orElseThrow();
    }

    private boolean answersTo(ActorDescription actor) {
        Map<String, String> annotations = actor.annotations();
        String application = InventoryCommands.application(annotations);
        return actor.id().equals(name)
                || name.equals(actor.callAlias())
                || name.equals(actor.name())
                || name.equals(actor.publicKey())
                || actor.id().equals(Slug.of(application) + "-" + Slug.of(name));
    }
}
