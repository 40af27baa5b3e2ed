package dev.trellis.host.wasi;

/** An {@code output-stream} of a guest: where it leads, and the pollables made of it. */
final class OutputStreamHandle {
    private final GuestOutput output;
    private final Subscriptions subscriptions = new Subscriptions();

    OutputStreamHandle(GuestOutput output) {
        this.output = output;
    }

    GuestOutput output() {
        return output;
    }

    Pollable subscribe() {
        return subscriptions.subscribe(output);
    }

    void drop() {
        output.close();
        subscriptions.end("output-stream");
    }
}
