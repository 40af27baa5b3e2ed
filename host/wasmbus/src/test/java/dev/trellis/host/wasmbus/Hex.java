package dev.trellis.host.wasmbus;

import java.util.HexFormat;

/** Bytes as tests write them. */
final class Hex {
    private Hex() {}

    static GuestBytes parse(String hex) {
        return GuestBytes.of(HexFormat.of().parseHex(hex.replace(" ", "")));
    }

    static String format(GuestBytes bytes) {
        return HexFormat.of().formatHex(bytes.array(), 0, bytes.length());
    }

    static String compact(String hex) {
        return hex.replace(" ", "");
    }
}
