package dev.trellis.wadm.core;

/**
 * How far one scaler is.
 *
 * @param id the same for the same duty, across versions that only change counts
 * @param component the component of the manifest it belongs to
 * @param kind {@code SpreadScaler}, {@code ProviderSpreadScaler}, {@code LinkScaler} or {@code ConfigScaler}
 * @param name what it keeps true, for people
 * @param message why it is where it is; empty when there is nothing to say
 */
public record ScalerStatus(String id, String component, String kind, String name, StatusType type, String message) {}
