package dev.trellis.host.component;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Writes component binaries by hand, also ones that no tool would. */
final class ComponentBytes {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    ComponentBytes() {
        out.writeBytes(new byte[] {0, 'a', 's', 'm', 0x0d, 0, 1, 0});
    }

    ComponentBytes section(int id, Object... parts) {
        byte[] content = bytes(parts);
        out.write(id);
        leb(out, content.length);
        out.writeBytes(content);
        return this;
    }

    byte[] done() {
        return out.toByteArray();
    }

    /** Integers become LEB128, text a name with its length, arrays stay as they are. */
    static byte[] bytes(Object... parts) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (Object part : parts) {
            switch (part) {
                case Integer number -> leb(bytes, number);
                case String name -> {
                    byte[] utf8 = name.getBytes(StandardCharsets.UTF_8);
                    leb(bytes, utf8.length);
                    bytes.writeBytes(utf8);
                }
                case byte[] raw -> bytes.writeBytes(raw);
                default -> throw new IllegalArgumentException("neither int, name nor byte[]: " + part);
            }
        }
        return bytes.toByteArray();
    }

    private static void leb(ByteArrayOutputStream out, int value) {
        int rest = value;
        while ((rest & ~0x7f) != 0) {
            out.write((rest & 0x7f) | 0x80);
            rest >>>= 7;
        }
        out.write(rest);
    }
}
