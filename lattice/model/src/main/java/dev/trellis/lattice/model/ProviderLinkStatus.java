package dev.trellis.lattice.model;

/**
 * What a provider said to a link: acknowledged at a generation, or refused with a reason.
 *
 * @param generation revision of the link record that the provider was given
 * @param acknowledged whether the provider took it; if not, {@code message} says why
 * @param pending whether the provider has not answered yet
 * @param calls calls over the link that this start of the provider has taken
 * @param inFlight those of them that have not ended
 */
public record ProviderLinkStatus(
        String sourceId,
        String target,
        String name,
        String contract,
        long generation,
        boolean acknowledged,
        String message,
        boolean pending,
        long calls,
        long inFlight) {
    /** A status of a link that has had no calls. */
    public ProviderLinkStatus(
            String sourceId,
            String target,
            String name,
            String contract,
            long generation,
            boolean acknowledged,
            String message) {
        this(sourceId, target, name, contract, generation, acknowledged, message, false, 0, 0);
    }

    /** The same with other numbers of calls. */
    public ProviderLinkStatus withCalls(long all, long notEnded) {
        return new ProviderLinkStatus(
                sourceId, target, name, contract, generation, acknowledged, message, pending, all, notEnded);
    }
}
