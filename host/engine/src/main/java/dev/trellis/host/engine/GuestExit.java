package dev.trellis.host.engine;

/** Unwinds a guest that called {@code proc_exit}. */
final class GuestExit extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int code;

    GuestExit(int code) {
        super("proc_exit(" + code + ")", null, false, false);
        this.code = code;
    }

    int code() {
        return code;
    }
}
