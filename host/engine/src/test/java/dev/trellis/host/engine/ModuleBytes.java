package dev.trellis.host.engine;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Writes module binaries by hand, also ones that no tool would. */
final class ModuleBytes {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    ModuleBytes() {
        out.writeBytes(new byte[] {0, 'a', 's', 'm', 1, 0, 0, 0});
    }

    ModuleBytes section(int id, byte[] content) {
        out.write(id);
        Leb.write(out, content.length);
        out.writeBytes(content);
        return this;
    }

    ModuleBytes custom(String name, byte[] content) {
        byte[] nameBytes = name.getBytes(StandardCharsets.UTF_8);
        return section(0, bytes(nameBytes.length, nameBytes, content));
    }

    byte[] done() {
        return out.toByteArray();
    }

    /** Integers become LEB128, arrays stay as they are. */
    static byte[] bytes(Object... parts) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (Object part : parts) {
            switch (part) {
                case Integer number -> Leb.write(bytes, number);
                case byte[] raw -> bytes.writeBytes(raw);
                default -> throw new IllegalArgumentException("neither int nor byte[]: " + part);
            }
        }
        return bytes.toByteArray();
    }

    static byte[] repeat(int count, byte[] part) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int i = 0; i < count; i++) {
            bytes.writeBytes(part);
        }
        return bytes.toByteArray();
    }

    /** A module of functions {@code () -> ()}, each with this body (locals and the final end included). */
    static byte[] functions(int count, byte[] body) {
        return new ModuleBytes()
                .section(1, bytes(1, 0x60, 0, 0))
                .section(3, bytes(count, repeat(count, bytes(0))))
                .section(10, bytes(count, repeat(count, bytes(body.length, body))))
                .done();
    }
}
