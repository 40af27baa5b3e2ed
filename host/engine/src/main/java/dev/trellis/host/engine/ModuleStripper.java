package dev.trellis.host.engine;

import java.io.ByteArrayOutputStream;
import java.util.Set;

/** Makes the small twin of a module that instances are built from once its functions are compiled. */
final class ModuleStripper {
    /*
     * Parsing dominates a cold start, and most of what is parsed is code that the compiled classes already hold. The twin
     * keeps every declaration and the bodies of the functions that are interpreted; the other bodies become
     * "unreachable". It has no start section either: the start function runs once, under the watchdog, when a pool takes
     * its image.
     */
    private static final byte[] UNREACHABLE = {3, 0, 0, 0x0b};
    private static final int START = 8;
    private static final int CODE = 10;

    private final byte[] wasm;
    private int at = 8;

    private ModuleStripper(byte[] wasm) {
        this.wasm = wasm;
    }

    /**
     * @param core a valid module without custom sections
     * @param kept indices of the functions whose bodies stay, imports counted
     */
    static byte[] strip(byte[] core, Set<Integer> kept, int importedFunctions) {
        return new ModuleStripper(core).strip(kept, importedFunctions);
    }

    private byte[] strip(Set<Integer> kept, int importedFunctions) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(wasm.length / 4);
        out.write(wasm, 0, at);
        while (at < wasm.length) {
            int start = at;
            int id = wasm[at++];
            int size = u32();
            int end = at + size;
            if (id == CODE) {
                byte[] bodies = bodies(kept, importedFunctions);
                out.write(CODE);
                Leb.write(out, bodies.length);
                out.writeBytes(bodies);
            } else if (id != START) {
                out.write(wasm, start, end - start);
            }
            at = end;
        }
        return out.toByteArray();
    }

    private byte[] bodies(Set<Integer> kept, int importedFunctions) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        int count = u32();
        Leb.write(out, count);
        for (int i = 0; i < count; i++) {
            int start = at;
            int size = u32();
            int end = at + size;
            if (kept.contains(i + importedFunctions)) {
                out.write(wasm, start, end - start);
            } else {
                out.writeBytes(UNREACHABLE);
            }
            at = end;
        }
        return out.toByteArray();
    }

    private int u32() {
        int value = 0;
        for (int shift = 0; ; shift += 7) {
            int b = wasm[at++];
            value |= (b & 0x7f) << shift;
            if (b >= 0) {
                return value;
            }
        }
    }
}
