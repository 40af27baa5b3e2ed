package dev.trellis.host.engine;

/** Makes sure that a host function has stack to run on. */
final class StackReserve {
    /*
     * A guest may nest its calls until hardly any stack is left and then call the host. A StackOverflowError in the middle
     * of host code leaves locks held and collections half changed, for everybody. So before a host function runs, this
     * goes down and comes back: if the stack ends here, it ends where nothing can break. The JVM offers no cheaper look at
     * what is left. The values that stay alive across the call make each frame at least 48 bytes when compiled, more when
     * not; together at least 24 KiB.
     */
    private static final int LEVELS = 512;

    private StackReserve() {}

    /** @throws StackOverflowError if the reserve is not there */
    static void check() {
        if (descend(LEVELS, 1, 2, 3) == 0) {
            throw new AssertionError("the sum of positive numbers is positive");
        }
    }

    private static long descend(int levels, long a, long b, long c) {
        if (levels == 0) {
            return a;
        }
        return descend(levels - 1, b, c, a) + a + (b & 1) + (c & 1);
    }
}
