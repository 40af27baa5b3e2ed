package dev.trellis.host.wasi;

/** At its end from the start. */
enum EmptyInput implements GuestInput {
    INSTANCE;

    @Override
    public boolean ready() {
        return true;
    }

    @Override
    public byte[] read(int max) throws StreamException {
        throw StreamException.closed();
    }
}
