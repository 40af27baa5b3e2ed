package dev.trellis.host.wasi;

/** Counts what a guest holds open of the host's files. Used by the guest's thread. */
final class OpenFiles {
    /** Descriptors, their streams and directory listings together; more are refused. */
    static final int OPEN_MAX = 512;

    private int open;

    /** @throws FileException if the guest holds as many as it may */
    void opening() throws FileException {
        if (open == OPEN_MAX) {
            throw new FileException(FileError.INSUFFICIENT_MEMORY);
        }
        open++;
    }

    void closed() {
        open--;
    }
}
