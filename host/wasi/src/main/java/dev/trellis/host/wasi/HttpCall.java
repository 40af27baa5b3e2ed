package dev.trellis.host.wasi;

/** What the HTTP of one call of a guest has in common. Used by the guest's thread. */
final class HttpCall {
    private final HttpMemory memory = new HttpMemory();

    HttpMemory memory() {
        return memory;
    }
}
