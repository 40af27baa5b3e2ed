package dev.trellis.host.actor;

import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.model.LinkName;
import java.util.Optional;

/**
 * A call that a guest asks its host to make.
 *
 * @param link the link's name; {@link LinkName#DEFAULT} if the guest gives none, as in calls to actors
 * @param namespace for a contract that Trellis knows its canonical name; else what the guest says: another contract, an
 *     actor's public key, or its call alias
 * @param operation for a contract that Trellis knows the name in its operation table, such as {@code Get}; else what the
 *     guest says, such as {@code Messaging.Publish}
 * @param payload {@link Payload.Typed} for a contract that Trellis knows, else {@link Payload.Opaque}
 */
public record GuestCall(LinkName link, String namespace, String operation, Payload payload) {
    /**
     * The interface that an operation of a component belongs to: {@code pricing} of {@code pricing@1.0.0#quote}. Empty for
     * the operations of other contracts.
     */
    public static Optional<String> interfaceOf(String operation) {
        int function = operation.indexOf('#');
        if (function < 0) {
            return Optional.empty();
        }
        int version = operation.indexOf('@');
        return Optional.of(operation.substring(0, version < 0 || version > function ? function : version));
    }
}
