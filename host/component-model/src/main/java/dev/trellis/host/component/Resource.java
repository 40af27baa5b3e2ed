package dev.trellis.host.component;

/**
 * The identity of a resource type: two uses are of one resource exactly if they have the same object. Within a validated
 * component an object stands for one definition, one abstract import, or one export of one instantiation; every
 * instantiation at run time makes a resource of its own of it.
 */
public final class Resource {
    private final String origin;

    /** @param origin where it comes from, for messages */
    Resource(String origin) {
        this.origin = origin;
    }

    @Override
    public String toString() {
        return origin;
    }
}
