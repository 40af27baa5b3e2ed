package dev.trellis.host.wasi;

import java.io.IOException;
import java.nio.channels.NonReadableChannelException;
import java.nio.channels.NonWritableChannelException;
import java.nio.file.AccessDeniedException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.NotLinkException;
import java.util.Locale;

/** The codes of {@code wasi:filesystem/types.error-code} that occur, with what the system calls them. */
enum FileError {
    ACCESS("Permission denied", 13),
    BAD_DESCRIPTOR("Bad file descriptor", 9),
    BUSY("Device or resource busy", 16),
    CROSS_DEVICE("Invalid cross-device link", 18),
    EXIST("File exists", 17),
    FILE_TOO_LARGE("File too large", 27),
    ILLEGAL_BYTE_SEQUENCE("Invalid or incomplete multibyte or wide character", 84),
    INSUFFICIENT_MEMORY("Cannot allocate memory", 12),
    INSUFFICIENT_SPACE("No space left on device", 28),
    INVALID("Invalid argument", 22),
    IO("Input/output error", 5),
    IS_DIRECTORY("Is a directory", 21),
    LOOP("Too many levels of symbolic links", 40),
    NAME_TOO_LONG("File name too long", 36),
    NO_DEVICE("No such device", 19),
    NO_ENTRY("No such file or directory", 2),
    NO_SUCH_DEVICE("No such device or address", 6),
    NOT_DIRECTORY("Not a directory", 20),
    NOT_EMPTY("Directory not empty", 39),
    NOT_PERMITTED("Operation not permitted", 1),
    OVERFLOW("Value too large for defined data type", 75),
    QUOTA("Disk quota exceeded", 122),
    READ_ONLY("Read-only file system", 30),
    TEXT_FILE_BUSY("Text file busy", 26),
    TOO_MANY_LINKS("Too many links", 31),
    UNSUPPORTED("Operation not supported", 95);

    /** A process has no more file descriptors; there is no code for it. */
    private static final int TOO_MANY_OPEN_FILES = 24;

    private final String systemText;
    private final int linuxNumber;
    private final String label;

    FileError(String systemText, int linuxNumber) {
        this.systemText = systemText;
        this.linuxNumber = linuxNumber;
        this.label = name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** As the interface calls it. */
    String label() {
        return label;
    }

    /** What a Linux system call failed with. */
    static FileError ofErrno(int errno) {
        if (errno == TOO_MANY_OPEN_FILES) {
            return INSUFFICIENT_MEMORY;
        }
        for (FileError one : values()) {
            if (one.linuxNumber == errno) {
                return one;
            }
        }
        return IO;
    }

    /** What Java says of a failed file operation. */
    static FileError of(Exception failure) {
        return switch (failure) {
            case NoSuchFileException _ -> NO_ENTRY;
            case FileAlreadyExistsException _ -> EXIST;
            case DirectoryNotEmptyException _ -> NOT_EMPTY;
            case AccessDeniedException _ -> ACCESS;
            case AtomicMoveNotSupportedException _ -> CROSS_DEVICE;
            case FileSystemLoopException _ -> LOOP;
            case NotDirectoryException _ -> NOT_DIRECTORY;
            case NotLinkException _, IllegalArgumentException _ -> INVALID;
            case NonReadableChannelException _, NonWritableChannelException _ -> BAD_DESCRIPTOR;
            case UnsupportedOperationException _ -> UNSUPPORTED;
            case FileSystemException e -> ofText(e.getReason());
            case IOException e -> ofText(e.getMessage());
            default -> IO;
        };
    }

    private static FileError ofText(@org.jspecify.annotations.Nullable String text) {
        if (text != null) {
            for (FileError one : values()) {
                if (text.startsWith(one.systemText)) {
                    return one;
                }
            }
            if (text.startsWith("Too many open files")) {
                return INSUFFICIENT_MEMORY;
            }
        }
        return IO;
    }
}
