package dev.trellis.host.node;

import dev.trellis.host.actor.GuestCall;
import dev.trellis.host.actor.GuestServices;
import dev.trellis.lattice.contracts.Contracts;
import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.Invoker;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.model.ContractId;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.Link;
import dev.trellis.lattice.model.LinkKey;
import dev.trellis.lattice.model.TraceContext;
import java.security.SecureRandom;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * What a host does for one actor: calls go over its links and nowhere else, log lines go to the log of actors. A
 * namespace with a colon is a contract, any other the name of an actor.
 */
final class LinkedServices implements GuestServices {
    private static final Logger log = LoggerFactory.getLogger("dev.trellis.actor");

    private final EntityId actor;
    private final Routes routes;
    private final Invoker invoker;
    private final ActorConfigs configs;
    private final RandomGenerator random = new SecureRandom();

    LinkedServices(EntityId actor, Routes routes, Invoker invoker, ActorConfigs configs) {
        this.configs = configs;
        this.actor = actor;
        this.routes = routes;
        this.invoker = invoker;
    }

    @Override
    public Payload call(Invocation parent, GuestCall call) throws InterruptedException {
        Link link = call.namespace().indexOf(':') >= 0 ? linkOfContract(call) : linkToActor(call.namespace());
        return invoker.invoke(
                parent.child(link.target(), link.name(), Contracts.canonical(link), call.operation(), call.payload()));
    }

    private Link linkOfContract(GuestCall call) {
        ContractId contract;
        try {
            contract = Contracts.canonical(new ContractId(call.namespace()));
        } catch (IllegalArgumentException e) {
            throw notLinked("'" + InvocationFailure.limited(call.namespace()) + "' is not the name of a contract");
        }
        RouteTable table = routes.now();
        Optional<String> called = GuestCall.interfaceOf(call.operation());
        return called.flatMap(name -> table.linkOfInterface(actor, contract, call.link(), name))
                .or(() -> called.isEmpty() ? table.link(new LinkKey(actor, contract, call.link())) : Optional.empty())
                .orElseThrow(() -> notLinked("has no link '%s' for %s; add one to its manifest"
                        .formatted(
                                call.link(),
                                called.map(name -> "interface " + call.namespace() + "/" + name)
                                        .orElse("contract " + call.namespace()))));
    }

    private Link linkToActor(String name) {
        return routes.now()
                .linkToActor(actor, name)
                .orElseThrow(() ->
                        notLinked("has no link to an actor called '%s'; add one to its manifest".formatted(name)));
    }

    private InvocationException notLinked(String message) {
        return new InvocationException(new InvocationFailure.NotLinked(actor.value(), message));
    }

    @Override
    public void log(@Nullable TraceContext trace, Level level, String line) {
        if (!log.isEnabledForLevel(level)) {
            return;
        }
        var entry = log.atLevel(level).addKeyValue("actor", actor);
        if (trace == null) {
            entry.log("{}: {}", actor, line);
        } else {
            String id = trace.traceId();
            entry.addKeyValue("trace_id", id).log("{}: {} trace_id={}", actor, line, id);
        }
    }

    @Override
    public Map<String, String> config() {
        return configs.of(actor);
    }

    @Override
    public RandomGenerator random() {
        return random;
    }
}
