package dev.trellis.host.engine;

import java.io.ByteArrayOutputStream;

/** Unsigned LEB128, the number format of module binaries. */
final class Leb {
    private Leb() {}

    static void write(ByteArrayOutputStream out, int value) {
        int rest = value;
        while ((rest & ~0x7f) != 0) {
            out.write((rest & 0x7f) | 0x80);
            rest >>>= 7;
        }
        out.write(rest);
    }
}
