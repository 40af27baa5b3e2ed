package dev.trellis.providers.httpclient;

import java.util.concurrent.atomic.AtomicLong;

/** Bytes of answers that are being received, over all links of a provider. Safe for concurrent use. */
final class AnswerMemory {
    /** An answer that needs more fails. */
    static final long BYTES_MAX = 256L << 20;

    private final long max;
    private final AtomicLong held = new AtomicLong();

    AnswerMemory(long max) {
        this.max = max;
    }

    /** Takes {@code bytes} if they are there. */
    boolean hold(int bytes) {
        if (held.addAndGet(bytes) <= max) {
            return true;
        }
        held.addAndGet(-bytes);
        return false;
    }

    void letGo(int bytes) {
        held.addAndGet(-bytes);
    }

    long held() {
        return held.get();
    }
}
