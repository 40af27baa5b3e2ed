package dev.trellis.providers.httpserver;

import java.util.concurrent.atomic.LongAdder;

/** What a listener has counted since it opened. */
final class Counters {
    final LongAdder connections = new LongAdder();
    final LongAdder connectionsRefused = new LongAdder();
    final LongAdder requests = new LongAdder();

    /** Requests refused because the listener had {@code max_requests} in progress, or too many body bytes. */
    final LongAdder refused = new LongAdder();

    /** Calls that the provider itself ended because no reply came in time. */
    final LongAdder overdue = new LongAdder();

    /** Clients that went away before they had their answer. */
    final LongAdder gone = new LongAdder();

    final LongAdder bodyBytesIn = new LongAdder();
    final LongAdder bodyBytesOut = new LongAdder();

    private final LongAdder[] classes = {
        new LongAdder(), new LongAdder(), new LongAdder(), new LongAdder(), new LongAdder()
    };

    /** Counts an answer. */
    void answered(int status) {
        classes[status / 100 - 1].increment();
    }

    /** Answers whose status begins with {@code digit}, 1 to 5. */
    long answers(int digit) {
        return classes[digit - 1].sum();
    }
}
