package dev.trellis.host.component;

import java.util.List;

/**
 * A component as its bytes say it, well-formed but not validated.
 *
 * @param bytes all of it, preamble included
 * @param definitions in the order of the bytes, which is the order of instantiation
 */
public record Component(ByteSlice bytes, List<Definition> definitions, List<CustomSection> customSections) {
    /** Content that has no meaning for running it; {@code bytes} without the name. */
    public record CustomSection(String name, ByteSlice bytes) {}

    public Component {
        definitions = List.copyOf(definitions);
        customSections = List.copyOf(customSections);
    }
}
