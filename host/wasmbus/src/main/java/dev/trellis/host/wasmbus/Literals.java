package dev.trellis.host.wasmbus;

import java.util.Arrays;

/** Strings of the interfaces, encoded once. */
final class Literals {
    private Literals() {}

    static byte[] string(String text) {
        var out = new MessagePackWriter(text.length() + 5);
        out.string(text);
        GuestBytes encoded = out.finish();
        return Arrays.copyOf(encoded.array(), encoded.length());
    }
}
