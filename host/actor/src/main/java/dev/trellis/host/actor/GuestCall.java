package dev.trellis.host.actor;

import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.model.LinkName;

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
public record GuestCall(LinkName link, String namespace, String operation, Payload payload) {}
