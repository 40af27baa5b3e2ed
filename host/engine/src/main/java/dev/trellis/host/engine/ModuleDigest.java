package dev.trellis.host.engine;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Pattern;

/** SHA-256 of a module's bytes, as 64 lower-case hexadecimal digits. */
public record ModuleDigest(String hex) {
    private static final Pattern VALID = Pattern.compile("[0-9a-f]{64}");

    public ModuleDigest {
        if (!VALID.matcher(hex).matches()) {
            throw new IllegalArgumentException("module digest '" + hex + "' must match " + VALID);
        }
    }

    public static ModuleDigest of(byte[] wasm) {
        return new ModuleDigest(HexFormat.of().formatHex(sha256(wasm, 0, wasm.length)));
    }

    static byte[] sha256(byte[] bytes, int from, int length) {
        try {
            MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
            sha256.update(bytes, from, length);
            return sha256.digest();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    @Override
    public String toString() {
        return "sha256:" + hex;
    }
}
