package dev.trellis.wadm.server;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.PostStop;
import akka.actor.typed.PreRestart;
import akka.actor.typed.SupervisorStrategy;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import dev.trellis.lattice.model.Subjects;
import dev.trellis.lattice.model.WireJson;
import dev.trellis.lattice.transport.IncomingMessage;
import dev.trellis.lattice.transport.LatticeTransport;
import dev.trellis.lattice.transport.Subscription;
import dev.trellis.lattice.transport.TransportException;
import dev.trellis.wadm.core.ApplicationStatus;
import dev.trellis.wadm.core.StatusType;
import dev.trellis.wadm.manifest.InvalidManifestException;
import dev.trellis.wadm.manifest.ManifestReader;
import dev.trellis.wadm.server.Catalog.Application;
import dev.trellis.wadm.server.CatalogRecord.ManifestText;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers the wadm API while this controller leads. Owns the subscription, and read-only copies of what it tells. */
final class ApiEndpoint {
    /** Queue group of wadm servers; only the leader is in it. */
    static final String QUEUE_GROUP = "wadm_server";

    /** Requests that wait for their answers; further ones are refused at once. */
    static final int REQUESTS_MAX = 256;

    private static final Logger LOG = LoggerFactory.getLogger(ApiEndpoint.class);

    sealed interface Command {}

    record CatalogChanged(Catalog catalog) implements Command {}

    record StatusesChanged(Map<String, ApplicationStatus> statuses) implements Command {}

    record Following() implements Command {}

    private record Asked(IncomingMessage request) implements Command {
        @Override
        public String toString() {
            return "Asked[" + request.message().subject() + "]";
        }
    }

    private final ActorContext<Command> context;
    private final LatticeTransport transport;
    private final ActorRef<ManifestKeeper.Command> keeper;
    private final String pattern;
    private final String prefix;
    private final Semaphore room = new Semaphore(REQUESTS_MAX);
    private @Nullable Subscription subscription;
    private @Nullable Catalog catalog;
    private Map<String, ApplicationStatus> statuses = Map.of();

    private ApiEndpoint(
            ActorContext<Command> context,
            WadmConfig config,
            LatticeTransport transport,
            ActorRef<ManifestKeeper.Command> keeper) {
        this.context = context;
        this.transport = transport;
        this.keeper = keeper;
        this.pattern = Subjects.of(config.lattice()).applications();
        this.prefix = pattern.substring(0, pattern.length() - 1);
    }

    static Behavior<Command> create(
            WadmConfig config, LatticeTransport transport, ActorRef<ManifestKeeper.Command> keeper) {
        Behavior<Command> supervised =
                Behaviors.setup(context -> new ApiEndpoint(context, config, transport, keeper).running());
        return Behaviors.supervise(supervised)
                .onFailure(SupervisorStrategy.restartWithBackoff(Duration.ofMillis(200), Duration.ofSeconds(10), 0.2));
    }

    private Behavior<Command> running() {
        return Behaviors.receive(Command.class)
                .onAnyMessage(this::onCommand)
                .onSignal(PostStop.class, _ -> {
                    unsubscribe();
                    return Behaviors.same();
                })
                .onSignal(PreRestart.class, _ -> {
                    unsubscribe();
                    return Behaviors.same();
                })
                .build();
    }

    private Behavior<Command> onCommand(Command command) {
        switch (command) {
            case CatalogChanged changed -> {
                catalog = changed.catalog();
                if (subscription == null) {
                    ActorRef<Command> self = context.getSelf();
                    subscription = transport.subscribe(pattern, QUEUE_GROUP, request -> accept(self, request));
                }
            }
            case StatusesChanged changed -> statuses = changed.statuses();
            case Following _ -> {
                unsubscribe();
                catalog = null;
                statuses = Map.of();
            }
            case Asked(var request) -> onAsked(request);
        }
        return Behaviors.same();
    }

    private void unsubscribe() {
        if (subscription != null) {
            subscription.close();
            subscription = null;
        }
    }

    /** On a thread of the transport. */
    private void accept(ActorRef<Command> self, IncomingMessage request) {
        if (room.tryAcquire()) {
            self.tell(new Asked(request));
        } else {
            reply(
                    request,
                    ApiReplies.Failure.of("the controller has " + REQUESTS_MAX + " requests to answer; try again"));
        }
    }

    private void onAsked(IncomingMessage request) {
        Consumer<Object> answer = reply -> {
            room.release();
            reply(request, reply);
        };
        Catalog known = catalog;
        if (known == null) {
            answer.accept(ApiReplies.Failure.of("this controller does not lead the lattice any more; try again"));
            return;
        }
        try {
            handle(known, request, answer);
        } catch (IllegalArgumentException e) {
            answer.accept(ApiReplies.Failure.of(Work.message(e)));
        }
    }

    private void handle(Catalog known, IncomingMessage request, Consumer<Object> answer) {
        String subject = request.message().subject();
        String suffix = subject.substring(prefix.length());
        int dot = suffix.indexOf('.');
        String operation = dot < 0 ? suffix : suffix.substring(0, dot);
        String name = dot < 0 ? "" : suffix.substring(dot + 1);
        byte[] body = request.message().payload();
        switch (operation) {
            case "put" -> put(body, answer);
            case "list" -> answer.accept(models(known));
            case "get" -> {
                if (name.isEmpty()) {
                    answer.accept(new ApiReplies.Models(
                            "success", "Successfully fetched list of applications", models(known)));
                } else {
                    answer.accept(get(known, name, version(body)));
                }
            }
            case "versions" -> answer.accept(versions(known, named(operation, name)));
            case "status" -> answer.accept(status(known, named(operation, name)));
            case "del" -> keeper.tell(new ManifestKeeper.Delete(named(operation, name), version(body), answer));
            case "deploy" -> keeper.tell(new ManifestKeeper.Deploy(named(operation, name), version(body), answer));
            case "undeploy" -> keeper.tell(new ManifestKeeper.Undeploy(named(operation, name), answer));
            default ->
                throw new IllegalArgumentException(
                        "unknown operation '%s' on %s; known are put, get, list, versions, del, deploy, undeploy and status"
                                .formatted(operation, subject));
        }
    }

    private static String named(String operation, String name) {
        if (name.isEmpty()) {
            throw new IllegalArgumentException(
                    "operation %s needs the name of an application at the end of its subject".formatted(operation));
        }
        return name;
    }

    private static @Nullable String version(byte[] body) {
        if (body.length == 0) {
            return null;
        }
        return WireJson.read(body, ApiReplies.VersionRequest.class).version();
    }

    private void put(byte[] body, Consumer<Object> answer) {
        try {
            keeper.tell(new ManifestKeeper.Put(ManifestReader.read("manifest", body), answer));
        } catch (InvalidManifestException e) {
            answer.accept(new ApiReplies.Put("error", 0, "", Work.message(e), ""));
        }
    }

    private List<ApiReplies.Model> models(Catalog known) {
        return known.applications().values().stream()
                .filter(application -> !application.deleted())
                .map(application -> {
                    ManifestText newest = application.newest().orElseThrow();
                    var status = Statuses.of(status(application), application.deployment());
                    return new ApiReplies.Model(
                            newest.application(),
                            newest.version(),
                            newest.description().isEmpty() ? null : newest.description(),
                            application.deployed().map(ManifestText::version).orElse(null),
                            status,
                            status.status().type(),
                            status.status().message().isEmpty()
                                    ? null
                                    : status.status().message());
                })
                .toList();
    }

    private static ApiReplies.Get get(Catalog known, String name, @Nullable String version) {
        Optional<Application> application = known.find(name);
        if (application.isEmpty()) {
            return new ApiReplies.Get("notfound", "Model with the name " + name + " not found", null);
        }
        var text = version == null || version.equals("latest")
                ? application.get().newest()
                : application.get().version(version);
        return text.map(found -> new ApiReplies.Get(
                        "success",
                        "Successfully fetched model " + name + " " + found.version(),
                        ManifestJson.of(found.text())))
                .orElseGet(() -> new ApiReplies.Get(
                        "notfound", "Model with the name " + name + " has no version " + version, null));
    }

    private static ApiReplies.Versions versions(Catalog known, String name) {
        return known.find(name)
                .map(application -> new ApiReplies.Versions(
                        "success",
                        "Successfully fetched versions for model " + name,
                        application.versions().stream()
                                .map(text -> new ApiReplies.Version(
                                        text.version(),
                                        Long.valueOf(text.sequence())
                                                .equals(application.head().deployed())))
                                .toList()))
                .orElseGet(() ->
                        new ApiReplies.Versions("notfound", "Model with the name " + name + " not found", List.of()));
    }

    private ApiReplies.StatusReply status(Catalog known, String name) {
        Application application = known.applications().get(name);
        ApplicationStatus left = statuses.get(name);
        if (application == null
                || (application.deleted() && (left == null || left.message().isEmpty()))) {
            return new ApiReplies.StatusReply("notfound", "there is no application " + name, null);
        }
        return new ApiReplies.StatusReply(
                "ok",
                "Successfully fetched status for model " + name,
                Statuses.of(status(application), application.deployment()));
    }

    /** The status of the version that is to run now, not that of one before it. */
    private ApplicationStatus status(Application application) {
        String name = application.head().application();
        String version = application.deployed().map(ManifestText::version).orElse("");
        ApplicationStatus status = statuses.get(name);
        if (status != null && status.version().equals(version)) {
            return status;
        }
        return version.isEmpty()
                ? new ApplicationStatus(name, "", StatusType.UNDEPLOYED, "", List.of())
                : new ApplicationStatus(
                        name,
                        version,
                        StatusType.WAITING,
                        "version " + version + " has not been looked at yet",
                        List.of());
    }

    private static void reply(IncomingMessage request, Object reply) {
        try {
            request.reply(WireJson.write(reply));
        } catch (TransportException e) {
            LOG.warn("a reply on {} was not sent: {}", request.message().subject(), e.getMessage());
        }
    }
}
