package dev.trellis.lattice.model;

/**
 * What a provider said to a link: acknowledged at a generation, or refused with a reason.
 *
 * @param generation revision of the link record that the provider was given
 * @param acknowledged whether the provider took it; if not, {@code message} says why
 */
public record ProviderLinkStatus(
        String sourceId,
        String target,
        String name,
        String contract,
        long generation,
        boolean acknowledged,
        String message) {}
