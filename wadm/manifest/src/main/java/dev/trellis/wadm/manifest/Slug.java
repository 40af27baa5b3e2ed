package dev.trellis.wadm.manifest;

import dev.trellis.lattice.model.EntityId;
import java.util.Locale;

/** How wadm makes names for the lattice out of names of a manifest. */
public final class Slug {
    private Slug() {}

    /** {@code name} in lower case, with {@code _} for everything but ASCII letters and digits. */
    public static String of(String name) {
        return name.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]", "_");
    }

    /** Identity of a component without an explicit id: {@code {slug(application)}-{slug(component)}}. */
    public static EntityId entityId(String application, String component) {
        return new EntityId(of(application) + "-" + of(component));
    }
}
