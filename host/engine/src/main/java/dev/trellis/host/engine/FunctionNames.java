package dev.trellis.host.engine;

import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** Looks function names up in a {@code name} custom section. Malformed sections have no names. */
final class FunctionNames {
    private static final int FUNCTION_NAMES = 1;
    private static final int SHOWN_CHARS_MAX = 200;

    private final byte[] section;
    private int at;

    private FunctionNames(byte[] section) {
        this.section = section;
    }

    static Optional<String> find(byte[] section, int function) {
        try {
            return new FunctionNames(section).find(function);
        } catch (IndexOutOfBoundsException e) {
            return Optional.empty();
        }
    }

    private Optional<String> find(int function) {
        while (at < section.length) {
            int id = section[at++];
            int size = u32();
            if (id != FUNCTION_NAMES) {
                at = Math.addExact(at, size);
                continue;
            }
            int count = u32();
            for (int i = 0; i < count; i++) {
                int index = u32();
                int length = u32();
                if (index == function) {
                    String name = new String(section, at, length, StandardCharsets.UTF_8);
                    return Optional.of(name.length() <= SHOWN_CHARS_MAX ? name : name.substring(0, SHOWN_CHARS_MAX));
                }
                at += length;
            }
            return Optional.empty();
        }
        return Optional.empty();
    }

    private int u32() {
        int value = 0;
        for (int shift = 0; shift < 35; shift += 7) {
            int b = section[at++];
            value |= (b & 0x7f) << shift;
            if (b >= 0) {
                break;
            }
        }
        if (value < 0) {
            throw new IndexOutOfBoundsException(value);
        }
        return value;
    }
}
