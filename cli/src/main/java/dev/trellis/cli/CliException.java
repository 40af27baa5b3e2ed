package dev.trellis.cli;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A command cannot go on. Says what failed, where, why, and what to do next: never only the first of them.
 *
 * @see Console#failure how it is printed
 */
final class CliException extends Exception {
    private static final long serialVersionUID = 1L;

    private final ExitCode exitCode;
    private final @Nullable String where;
    private final transient List<String> reasons;
    private final String help;

    /**
     * A failure without place or reasons yet.
     *
     * @param what what failed, naming the thing that the user wrote
     * @param help the next command to run, or the next thing to do
     */
    CliException(ExitCode exitCode, String what, String help) {
        this(exitCode, what, null, List.of(), help, null);
    }

    private CliException(
            ExitCode exitCode,
            String what,
            @Nullable String where,
            List<String> reasons,
            String help,
            @Nullable Throwable cause) {
        super(what, cause);
        this.exitCode = exitCode;
        this.where = where;
        this.reasons = reasons;
        this.help = help;
    }

    /** The same at a place: a file with line and column, a directory, a URL. */
    CliException at(String place) {
        return new CliException(exitCode, what(), place, reasons, help, getCause());
    }

    /** The same with one more reason. */
    CliException because(String reason) {
        List<String> more =
                Stream.concat(reasons.stream(), Stream.of(reason)).distinct().toList();
        return new CliException(exitCode, what(), where, more, help, getCause());
    }

    /** The same with the message of {@code cause} and of what lies behind it as reasons. */
    CliException because(Throwable cause) {
        CliException result = new CliException(exitCode, what(), where, reasons, help, cause);
        for (Throwable link = cause; link != null; link = link.getCause()) {
            String message = link.getMessage();
            result = result.because(
                    message == null || message.isBlank() ? link.getClass().getSimpleName() : message);
        }
        return result;
    }

    ExitCode exitCode() {
        return exitCode;
    }

    /** What failed. */
    String what() {
        return String.valueOf(getMessage());
    }

    Optional<String> where() {
        return Optional.ofNullable(where);
    }

    /** Why, the nearest reason first. */
    List<String> reasons() {
        return reasons;
    }

    String help() {
        return help;
    }
}
