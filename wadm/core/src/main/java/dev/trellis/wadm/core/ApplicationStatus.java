package dev.trellis.wadm.core;

import java.util.List;

/**
 * How far an application is.
 *
 * @param version the version that is deployed, or empty if none is
 */
public record ApplicationStatus(
        String application, String version, StatusType type, String message, List<ScalerStatus> scalers) {
    public ApplicationStatus {
        scalers = List.copyOf(scalers);
    }
}
