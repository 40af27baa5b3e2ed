package dev.trellis.host.wasi;

/** An {@code input-stream} of a guest: where it comes from, and the pollables made of it. */
final class InputStreamHandle {
    private final GuestInput input;
    private final Subscriptions subscriptions = new Subscriptions();

    InputStreamHandle(GuestInput input) {
        this.input = input;
    }

    GuestInput input() {
        return input;
    }

    Pollable subscribe() {
        return subscriptions.subscribe(input);
    }

    void drop() {
        input.close();
        subscriptions.end("input-stream");
    }
}
