package dev.trellis.lattice.contracts;

import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;

/** Identity of one call: 128 random bits. Unique, not secret. */
public record InvocationId(long high, long low) {
    /** A new identity. */
    public static InvocationId random() {
        var random = ThreadLocalRandom.current();
        return new InvocationId(random.nextLong(), random.nextLong());
    }

    /** 32 lower-case hex digits. */
    @Override
    public String toString() {
        return HexFormat.of().toHexDigits(high) + HexFormat.of().toHexDigits(low);
    }
}
