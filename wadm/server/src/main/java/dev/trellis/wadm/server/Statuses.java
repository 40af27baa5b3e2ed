package dev.trellis.wadm.server;

import dev.trellis.wadm.core.ApplicationStatus;
import dev.trellis.wadm.core.Deployment;
import dev.trellis.wadm.core.ScalerStatus;
import dev.trellis.wadm.core.StatusType;
import dev.trellis.wadm.manifest.ActorComponent;
import dev.trellis.wadm.manifest.CapabilityComponent;
import dev.trellis.wadm.manifest.ManifestComponent;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Statuses as the wadm API writes them. */
final class Statuses {
    private Statuses() {}

    /** {@code status}, with the components of {@code deployment} if it is given. */
    static ApiReplies.Status of(ApplicationStatus status, @Nullable Deployment deployment) {
        List<ApiReplies.Component> components = deployment == null
                ? List.of()
                : deployment.manifest().components().stream()
                        .map(component -> component(component, status))
                        .toList();
        return new ApiReplies.Status(
                info(status.type(), status.message()),
                status.scalers().stream().map(Statuses::scaler).toList(),
                status.version(),
                components);
    }

    private static ApiReplies.Scaler scaler(ScalerStatus scaler) {
        return new ApiReplies.Scaler(scaler.id(), scaler.kind(), scaler.name(), info(scaler.type(), scaler.message()));
    }

    private static ApiReplies.Component component(ManifestComponent component, ApplicationStatus status) {
        var own = status.scalers().stream()
                .filter(scaler -> scaler.component().equals(component.name()))
                .toList();
        // Before the first look at the lattice nothing is known of any part.
        var type = own.isEmpty()
                ? status.type()
                : StatusType.aggregate(own.stream().map(ScalerStatus::type).toList());
        String message = own.stream()
                .filter(scaler -> scaler.type() == type && !scaler.message().isEmpty())
                .map(ScalerStatus::message)
                .findFirst()
                .orElse("");
        return new ApiReplies.Component(
                component.name(),
                switch (component) {
                    case ActorComponent _ -> "component";
                    case CapabilityComponent _ -> "capability";
                },
                info(type, message),
                own.stream()
                        .map(scaler -> new ApiReplies.Trait(
                                scaler.kind().replace("Scaler", "").toLowerCase(Locale.ROOT) + "scaler",
                                info(scaler.type(), scaler.message())))
                        .toList());
    }

    static ApiReplies.StatusInfo info(StatusType type, String message) {
        return new ApiReplies.StatusInfo(type.wireName(), message);
    }
}
