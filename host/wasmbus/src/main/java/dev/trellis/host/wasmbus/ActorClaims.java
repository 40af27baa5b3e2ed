package dev.trellis.host.wasmbus;

import java.time.Instant;
import java.util.Optional;

/**
 * What the issuer of an actor says about it, in a signed token inside the module.
 *
 * @param subject the actor's public key, {@code M...}
 * @param issuer public key of the account that signed, {@code A...}
 * @param name for people; empty if the token has none
 * @param callAlias the name by which other actors may call it
 * @param revision counts up with each signing; 0 if the token has none
 * @param version for people; empty if the token has none
 * @param expires when the module must not be started any more
 */
public record ActorClaims(
        String subject,
        String issuer,
        String name,
        Optional<String> callAlias,
        int revision,
        String version,
        Optional<Instant> expires) {}
