package dev.trellis.host.node;

import org.jspecify.annotations.Nullable;

/**
 * What a module says of itself.
 *
 * @param digest SHA-256 of the module, lower-case hex
 * @param name name in its claims
 * @param callAlias name other actors may call it by
 * @param publicKey subject of its claims
 * @param issuer issuer of its claims
 * @param version version in its claims
 * @param revision revision in its claims; 0 without claims
 */
record ActorFacts(
        String digest,
        @Nullable String name,
        @Nullable String callAlias,
        @Nullable String publicKey,
        @Nullable String issuer,
        @Nullable String version,
        int revision) {
    /** Of a module without claims. */
    static ActorFacts of(String digest) {
        return new ActorFacts(digest, null, null, null, null, null, 0);
    }
}
