package dev.trellis.wadm.server;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Replies of the wadm API. Member names in snake_case are those of wadm's own API types. */
final class ApiReplies {
    private ApiReplies() {}

    record Failure(String result, String message) {
        static Failure of(String message) {
            return new Failure("error", message);
        }
    }

    record Put(String result, int totalVersions, String currentVersion, String message, String name) {}

    record Deploy(
            String result,
            String message,
            String name,
            @Nullable String version) {}

    record Delete(String result, String message, boolean undeploy) {}

    record Get(String result, String message, @Nullable Object manifest) {}

    record Models(String result, String message, List<Model> models) {}

    record Model(
            String name,
            String version,
            @Nullable String description,
            @Nullable String deployedVersion,
            Status detailedStatus,
            String status,
            @Nullable String statusMessage) {}

    record Versions(String result, String message, List<Version> versions) {}

    record Version(String version, boolean deployed) {}

    record StatusReply(
            String result, String message, @Nullable Status status) {}

    record Status(StatusInfo status, List<Scaler> scalers, String version, List<Component> components) {}

    record StatusInfo(String type, String message) {}

    record Scaler(String id, String kind, String name, StatusInfo status) {}

    record Component(String name, String type, StatusInfo status, List<Trait> traits) {}

    record Trait(String type, StatusInfo status) {}

    /** {@code version} in the body of get, del and deploy. */
    record VersionRequest(@Nullable String version) {}
}
