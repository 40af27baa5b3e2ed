package dev.trellis.cli;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Replies of the wadm API as they come over the wire; members that are left out arrive as empty. */
final class WadmReplies {
    private WadmReplies() {}

    private static String orEmpty(@Nullable String text) {
        return text == null ? "" : text;
    }

    /** {@code put}: result is {@code created}, {@code newversion} or {@code error}. */
    record Put(String result, String message, String name, String currentVersion, int totalVersions) {
        Put {
            result = orEmpty(result);
            message = orEmpty(message);
            name = orEmpty(name);
            currentVersion = orEmpty(currentVersion);
        }
    }

    /** An application in a list. */
    record Summary(
            String name,
            String version,
            String description,
            @Nullable String deployedVersion,
            String status,
            String statusMessage) {
        Summary {
            name = orEmpty(name);
            version = orEmpty(version);
            description = orEmpty(description);
            status = orEmpty(status);
            statusMessage = orEmpty(statusMessage);
        }
    }

    /** {@code get} without a name. */
    record Listing(String result, String message, List<Summary> models) {
        Listing {
            result = orEmpty(result);
            message = orEmpty(message);
            models = models == null ? List.of() : List.copyOf(models);
        }
    }

    /** {@code get} of one application. */
    record Model(String result, String message, @Nullable Object manifest) {
        Model {
            result = orEmpty(result);
            message = orEmpty(message);
        }
    }

    /** {@code deploy} and {@code undeploy}: result is {@code acknowledged}, {@code notfound} or {@code error}. */
    record Acknowledgement(String result, String message, String name, String version) {
        Acknowledgement {
            result = orEmpty(result);
            message = orEmpty(message);
            name = orEmpty(name);
            version = orEmpty(version);
        }
    }

    /** {@code del}: result is {@code deleted}, {@code noop} or {@code error}. */
    record Deletion(String result, String message, boolean undeploy) {
        Deletion {
            result = orEmpty(result);
            message = orEmpty(message);
        }
    }

    /** How far an application or scaler is, and why. */
    record State(String type, String message) {
        static final State UNKNOWN = new State("waiting", "");

        State {
            type = orEmpty(type);
            message = orEmpty(message);
        }
    }

    /** One scaler: a thing that the controller keeps true. */
    record Scaler(String id, String kind, String name, State status) {
        Scaler {
            id = orEmpty(id);
            kind = orEmpty(kind);
            name = orEmpty(name);
            status = status == null ? State.UNKNOWN : status;
        }
    }

    /** A trait of a component. */
    record Trait(String type, State status) {
        Trait {
            type = orEmpty(type);
            status = status == null ? State.UNKNOWN : status;
        }
    }

    /** A component of the manifest, with the worst of its parts. */
    record Component(String name, String type, State status, List<Trait> traits) {
        Component {
            name = orEmpty(name);
            type = orEmpty(type);
            status = status == null ? State.UNKNOWN : status;
            traits = traits == null ? List.of() : List.copyOf(traits);
        }
    }

    /** The status of one application. */
    record Status(State status, List<Scaler> scalers, String version, List<Component> components) {
        static final Status UNKNOWN = new Status(State.UNKNOWN, List.of(), "", List.of());

        Status {
            components = components == null ? List.of() : List.copyOf(components);
            status = status == null ? State.UNKNOWN : status;
            scalers = scalers == null ? List.of() : List.copyOf(scalers);
            version = orEmpty(version);
        }
    }

    /** {@code status}: result is {@code ok}, {@code notfound} or {@code error}. */
    record StatusReply(
            String result, String message, @Nullable Status status) {
        StatusReply {
            result = orEmpty(result);
            message = orEmpty(message);
        }
    }
}
