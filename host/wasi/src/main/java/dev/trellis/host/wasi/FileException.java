package dev.trellis.host.wasi;

/** A file operation of a guest fails; the guest is told. */
final class FileException extends Exception {
    private static final long serialVersionUID = 1L;

    private final FileError error;

    FileException(FileError error) {
        super(error.label(), null, false, false);
        this.error = error;
    }

    FileError error() {
        return error;
    }
}
