package dev.trellis.wadm.server;

import java.time.InstantSource;
import java.util.random.RandomGenerator;

/**
 * Names that sort by time: 48 bits of milliseconds and 80 random bits, in Crockford's base 32.
 *
 * @see <a href="https://github.com/ulid/spec">ULID</a>
 */
final class Ulid {
    private static final String DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    private Ulid() {}

    static String next(InstantSource clock, RandomGenerator random) {
        var text = new StringBuilder(26);
        long millis = clock.millis();
        for (int shift = 45; shift >= 0; shift -= 5) {
            text.append(DIGITS.charAt((int) (millis >>> shift) & 31));
        }
        for (int i = 0; i < 16; i++) {
            text.append(DIGITS.charAt(random.nextInt(32)));
        }
        return text.toString();
    }
}
