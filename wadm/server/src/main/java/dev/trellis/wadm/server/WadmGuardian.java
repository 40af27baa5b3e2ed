package dev.trellis.wadm.server;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.DispatcherSelector;
import akka.actor.typed.Terminated;
import akka.actor.typed.javadsl.Behaviors;
import dev.trellis.lattice.transport.LatticeTransport;
import dev.trellis.wadm.core.CommandKey;
import dev.trellis.wadm.core.LatticeState;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The root of a controller; its children are drawn in the module's README. */
final class WadmGuardian {
    private static final Logger LOG = LoggerFactory.getLogger(WadmGuardian.class);

    sealed interface Command {}

    /** Ends the controller: the API first, the lease last. */
    record Stop() implements Command {}

    private WadmGuardian() {}

    static Behavior<Command> create(
            WadmConfig config,
            ManifestStore manifests,
            LatticeTransport transport,
            ExecutorService io,
            String controller,
            long epochAtLeast) {
        return Behaviors.setup(context -> {
            var sender = context.spawn(CommandSender.create(config, transport, io), "command-sender");
            // The keeper tells both of its readers, which in turn tell it what to change.
            var audience = new Audience();
            ActorRef<ManifestKeeper.Command> keeper = context.spawn(
                    ManifestKeeper.create(config, manifests, transport, io, audience),
                    "manifest-keeper",
                    DispatcherSelector.blocking());
            var api = context.spawn(ApiEndpoint.create(config, transport, keeper), "api-endpoint");
            var reconciler = context.spawn(
                    ApplicationReconciler.create(
                            config,
                            transport,
                            sender,
                            keeper,
                            statuses -> api.tell(new ApiEndpoint.StatusesChanged(statuses))),
                    "application-reconciler");
            audience.of(api, reconciler);
            context.spawn(
                    LatticeObserver.create(config, transport, io, new LatticeObserver.Listener() {
                        @Override
                        public void observed(LatticeState state, String notReady) {
                            reconciler.tell(new ApplicationReconciler.Observed(state, notReady));
                        }

                        @Override
                        public void failed(CommandKey key, String message) {
                            reconciler.tell(new ApplicationReconciler.FailureSeen(key, message));
                        }
                    }),
                    "lattice-observer");
            context.spawn(
                    LeaseKeeper.create(config, transport, io, controller, epochAtLeast, new LeaseKeeper.Follower() {
                        @Override
                        public void leading(long epoch) {
                            keeper.tell(new ManifestKeeper.Leading(epoch));
                        }

                        @Override
                        public void following() {
                            keeper.tell(new ManifestKeeper.Following());
                        }
                    }),
                    "lease-keeper");
            context.watch(keeper);
            return Behaviors.receive(Command.class)
                    .onMessage(Stop.class, _ -> Behaviors.stopped())
                    .onSignal(Terminated.class, _ -> {
                        LOG.error("the controller stops: its manifests cannot be kept any more");
                        return Behaviors.stopped();
                    })
                    .build();
        });
    }

    /** Those who hear of the applications; set once, before the keeper is told anything. */
    private static final class Audience implements ManifestKeeper.Listener {
        private volatile List<Consumer<Catalog>> readers = List.of();
        private volatile List<Runnable> followers = List.of();

        void of(ActorRef<ApiEndpoint.Command> api, ActorRef<ApplicationReconciler.Command> reconciler) {
            readers = List.of(
                    catalog -> api.tell(new ApiEndpoint.CatalogChanged(catalog)),
                    catalog -> reconciler.tell(new ApplicationReconciler.CatalogChanged(catalog)));
            followers = List.of(
                    () -> api.tell(new ApiEndpoint.Following()),
                    () -> reconciler.tell(new ApplicationReconciler.Following()));
        }

        @Override
        public void changed(Catalog catalog) {
            readers.forEach(reader -> reader.accept(catalog));
        }

        @Override
        public void following() {
            followers.forEach(Runnable::run);
        }
    }
}
