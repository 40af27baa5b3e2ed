package dev.trellis.wadm.manifest;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Collects what is wrong with one manifest, bounded, each with its excerpt of the source. */
final class Problems {
    /** Longer texts of the manifest are cut in messages. */
    private static final int QUOTE_LENGTH_MAX = 80;

    private static final int EXCERPT_LENGTH_MAX = 120;
    private static final int EXCERPT_CONTEXT = 60;
    private static final Pattern LINE_BREAK = Pattern.compile("\r\n|[\n\r\u0085\u2028\u2029]");
    private static final Pattern UNPRINTABLE = Pattern.compile("[\\p{Cntrl}\\p{Cf}\\p{Co}\\p{Cn}\\p{Cs}]");

    private final String file;
    private final String source;
    private final List<Problem> errors = new ArrayList<>();
    private final List<Problem> warnings = new ArrayList<>();
    private int omitted;

    Problems(String file, String source) {
        this.file = file;
        this.source = source;
    }

    void error(Position position, Path path, String message, String expected) {
        add(Problem.Level.ERROR, position, path, message, expected, Optional.empty());
    }

    /** An error about a {@code name} that is none of {@code valid}; offers the one most alike. */
    void unknown(Position position, Path path, String message, String name, Collection<String> valid) {
        if (full(errors)) {
            omitted++;
            return;
        }
        String expected = valid.isEmpty() ? "none here" : oneOf(valid);
        add(Problem.Level.ERROR, position, path, message, expected, Nearest.of(name, valid));
    }

    void warning(Position position, Path path, String message, String expected) {
        add(Problem.Level.WARNING, position, path, message, expected, Optional.empty());
    }

    /** Adds an error after which nothing more can be said about the document. */
    InvalidManifestException fatal(Position position, Path path, String message, String expected) {
        error(position, path, message, expected);
        return failure();
    }

    boolean anyError() {
        return !errors.isEmpty();
    }

    InvalidManifestException failure() {
        List<Problem> all = sorted();
        int cut = errors.size() + warnings.size() - all.size();
        return new InvalidManifestException(all, omitted + cut);
    }

    /** The problems in the order of the file; errors have precedence where there are too many. */
    List<Problem> sorted() {
        return Stream.concat(errors.stream(), warnings.stream())
                .limit(InvalidManifestException.PROBLEMS_MAX)
                .sorted(Comparator.comparing(Problem::position))
                .toList();
    }

    private static boolean full(List<Problem> problems) {
        return problems.size() >= InvalidManifestException.PROBLEMS_MAX;
    }

    private void add(
            Problem.Level level,
            Position position,
            Path path,
            String message,
            String expected,
            Optional<String> nearest) {
        List<Problem> kept =
                switch (level) {
                    case ERROR -> errors;
                    case WARNING -> warnings;
                };
        if (full(kept)) {
            omitted++;
            return;
        }
        kept.add(new Problem(level, file, position, path.toString(), message, expected, nearest, excerpt(position)));
    }

    private String excerpt(Position position) {
        Matcher breaks = LINE_BREAK.matcher(source);
        int start = 0;
        for (int line = 1; line < position.line(); line++) {
            if (!breaks.find()) {
                return "";
            }
            start = breaks.end();
        }
        int end = breaks.find() ? breaks.start() : source.length();
        int[] line = source.substring(start, end).codePoints().toArray();
        int caret = Math.min(position.column() - 1, line.length);
        int from = line.length <= EXCERPT_LENGTH_MAX ? 0 : Math.max(0, caret - EXCERPT_CONTEXT);
        int to = Math.min(line.length, from + EXCERPT_LENGTH_MAX);
        var text = new StringBuilder();
        for (int i = from; i < to; i++) {
            text.append(printable(Character.toString(line[i]), line[i] == '\t' ? " " : "?"));
        }
        return "    " + text + "\n    " + " ".repeat(caret - from) + "^";
    }

    private static String printable(String text, String replacement) {
        return UNPRINTABLE.matcher(text).replaceAll(replacement);
    }

    /** {@code text} of the manifest in quotes, fit for a message: printable, at most 80 characters. */
    static String quote(String text) {
        return "'" + shorten(text) + "'";
    }

    /** A message of another type's constructor, fit for ours. */
    static String sentence(@Nullable String message) {
        return message == null ? "not valid" : printable(message, "?");
    }

    static String shorten(String text) {
        String cut = text.length() <= QUOTE_LENGTH_MAX ? text : text.substring(0, QUOTE_LENGTH_MAX - 3) + "...";
        return printable(cut, "?");
    }

    /** "a, b or c"; long lists are cut. */
    static String oneOf(Collection<String> names) {
        List<String> shown = names.stream().limit(20).map(Problems::shorten).toList();
        String more = names.size() > shown.size() ? ", ..." : "";
        if (shown.size() < 2 || !more.isEmpty()) {
            return String.join(", ", shown) + more;
        }
        return String.join(", ", shown.subList(0, shown.size() - 1)) + " or " + shown.getLast();
    }
}
