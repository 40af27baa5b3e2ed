package dev.trellis.host.wasi;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/** The entries of a directory, one by one: {@code wasi:filesystem/types.directory-entry-stream}. */
final class DirectoryEntries {
    private final OpenFiles open;
    private final FileHandle directory;
    private final DirectoryStream<Path> stream;
    private final Iterator<Path> entries;

    private DirectoryEntries(OpenFiles open, FileHandle directory, DirectoryStream<Path> stream) {
        this.open = open;
        this.directory = directory;
        this.stream = stream;
        this.entries = stream.iterator();
    }

    /** Those of a directory, which may be let go of meanwhile. */
    @SuppressWarnings("StreamResourceLeak") // closed with the entries
    static DirectoryEntries of(OpenFiles open, FileHandle directory) throws FileException {
        open.opening();
        FileHandle own = null;
        boolean done = false;
        try {
            own = directory.again();
            DirectoryEntries entries = new DirectoryEntries(open, own, Files.newDirectoryStream(own.path()));
            done = true;
            return entries;
        } catch (IOException e) {
            throw new FileException(FileError.of(e));
        } finally {
            if (!done) {
                if (own != null) {
                    own.close();
                }
                open.closed();
            }
        }
    }

    /** The next as a {@code directory-entry}. Those that vanish meanwhile are left out. */
    Optional<List<Object>> next() throws FileException {
        try {
            while (entries.hasNext()) {
                String name = String.valueOf(entries.next().getFileName());
                try {
                    return Optional.of(List.of(directory.stat(name).kind().label(), name));
                } catch (FileException e) {
                    if (e.error() != FileError.NO_ENTRY) {
                        return Optional.of(List.of(FileHandle.Kind.UNKNOWN.label(), name));
                    }
                }
            }
            return Optional.empty();
        } catch (DirectoryIteratorException e) {
            throw new FileException(e.getCause() == null ? FileError.IO : FileError.of(e.getCause()));
        }
    }

    void close() {
        try {
            stream.close();
        } catch (IOException e) {
            throw new UncheckedIOException("a directory of a guest cannot be closed", e);
        } finally {
            directory.close();
            open.closed();
        }
    }
}
