package dev.trellis.cli;

import dev.trellis.observability.telemetry.TelemetryNames;
import dev.trellis.observability.traces.Trace;
import dev.trellis.observability.traces.TraceSpan;
import dev.trellis.observability.traces.TraceSummary;
import dev.trellis.observability.traces.Waterfall;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** A trace drawn as a waterfall: a tree of spans, where each ran and how it was reached, and a bar on a common time line. */
final class TraceView {
    static final int WIDTH_DEFAULT = 120;
    static final int WIDTH_MIN = 60;
    static final int WIDTH_MAX = 240;

    private static final String GAP = "  ";
    private static final int LABEL_MIN = 20;
    private static final int LABEL_MAX = 64;
    private static final int NAME_MAX = 20;
    private static final int BAR_MIN = 10;
    private static final int BAR_MAX = 60;

    /** Waits shorter than this are not worth a word. */
    private static final long WAIT_SHOWN_NANOS = 50_000;

    private final Console console;
    private final int width;

    TraceView(Console console, int width) {
        this.console = console;
        this.width = width;
    }

    /** The width to draw in. */
    static int width(Optional<String> columns) {
        try {
            int wanted = columns.map(String::strip).map(Integer::parseInt).orElse(WIDTH_DEFAULT);
            return Math.clamp(wanted, WIDTH_MIN, WIDTH_MAX);
        } catch (NumberFormatException e) {
            return WIDTH_DEFAULT;
        }
    }

    /** The spans of a trace, each after its parent. */
    static List<TraceSpan> inOrder(Trace trace) {
        return Waterfall.of(trace.spans()).rows().stream()
                .map(Waterfall.Row::span)
                .toList();
    }

    /** One line of the table, before it is cut to width. */
    private record Line(String tree, String label, String host, String site, String via, String time) {}

    void print(Trace trace) {
        Waterfall waterfall = Waterfall.of(trace.spans());
        TraceSummary summary = trace.summary();
        console.print(console.outBold(summary.name()) + "  trace " + summary.traceId());
        console.print("started %s, took %s, %s on %s of %s%s"
                .formatted(
                        TraceCommands.started(summary.startEpochNanos()),
                        duration(summary.durationNanos()),
                        count(summary.spans(), "span"),
                        count(summary.hosts().size(), "host"),
                        count(summary.sites().size(), "site"),
                        summary.errors() == 0 ? "" : ", " + count(summary.errors(), "error")));
        console.print("");
        List<Line> lines = new ArrayList<>();
        for (Waterfall.Row row : waterfall.rows()) {
            TraceSpan span = row.span();
            lines.add(new Line(
                    tree(row),
                    Waterfall.label(span) + notes(row),
                    cut(span.host(), NAME_MAX),
                    cut(span.site(), NAME_MAX),
                    Waterfall.transport(span),
                    duration(span.durationNanos())));
        }
        draw(waterfall, lines);
        if (trace.left() > 0) {
            console.print("... and " + count(trace.left(), "more span") + ", which were not kept");
        }
    }

    private void draw(Waterfall waterfall, List<Line> lines) {
        int host = widest(lines, "HOST", Line::host);
        int site = widest(lines, "SITE", Line::site);
        int via = widest(lines, "VIA", Line::via);
        int time = widest(lines, "TOOK", Line::time);
        int what = widest(lines, "WHAT", line -> line.tree() + line.label());
        int rest = width - host - site - via - time - 5 * GAP.length();
        int label = Math.clamp(what, LABEL_MIN, Math.clamp(rest - BAR_MIN, LABEL_MIN, LABEL_MAX));
        int bar = Math.clamp(rest - label, BAR_MIN, BAR_MAX);
        console.print(console.outBold(pad("WHAT", label)
                + GAP
                + pad("HOST", host)
                + GAP
                + pad("SITE", site)
                + GAP
                + pad("VIA", via)
                + GAP
                + padLeft("TOOK", time)));
        for (int i = 0; i < lines.size(); i++) {
            Line line = lines.get(i);
            Waterfall.Row row = waterfall.rows().get(i);
            boolean failed = row.span().failed();
            String text = pad(cut(line.tree() + line.label(), label), label);
            console.print((failed ? console.outStanding(Standing.BAD, text) : text)
                    + GAP
                    + pad(line.host(), host)
                    + GAP
                    + pad(line.site(), site)
                    + GAP
                    + pad(line.via(), via)
                    + GAP
                    + padLeft(line.time(), time)
                    + GAP
                    + console.outStanding(
                            failed ? Standing.BAD : Standing.GOOD,
                            bar(row.offsetNanos(), row.span().durationNanos(), waterfall.durationNanos(), bar)));
            if (failed) {
                String indent = " ".repeat(line.tree().length());
                console.print(console.outStanding(
                        Standing.BAD, cut(indent + "! " + row.span().error() + message(row.span()), width)));
            }
        }
    }

    private static String message(TraceSpan span) {
        return span.errorMessage().isEmpty() ? "" : ": " + span.errorMessage();
    }

    private static String notes(Waterfall.Row row) {
        TraceSpan span = row.span();
        List<String> notes = new ArrayList<>();
        if (row.orphan()) {
            notes.add("its caller is not recorded");
        }
        if (span.text(TelemetryNames.INSTANCE.getKey()).equals("new")) {
            notes.add("new instance");
        }
        if (span.attributes().get(TelemetryNames.QUEUE_NANOS.getKey()) instanceof Number waited
                && waited.longValue() >= WAIT_SHOWN_NANOS) {
            notes.add("waited " + duration(waited.longValue()));
        }
        String attempts = span.text(TelemetryNames.ATTEMPTS.getKey());
        if (!attempts.isEmpty()) {
            notes.add(attempts + " attempts");
        }
        return notes.isEmpty() ? "" : " (" + String.join(", ", notes) + ")";
    }

    private static String tree(Waterfall.Row row) {
        var tree = new StringBuilder();
        List<Boolean> lasts = row.ancestorsLast();
        for (int depth = 0; depth < lasts.size(); depth++) {
            boolean last = lasts.get(depth);
            if (depth == lasts.size() - 1) {
                tree.append(last ? "└ " : "├ ");
            } else {
                tree.append(last ? "  " : "│ ");
            }
        }
        return tree.toString();
    }

    /** A bar on the time line of the whole trace; at least one cell, and within it even if clocks disagree. */
    static String bar(long offset, long duration, long whole, int cells) {
        double scale = whole <= 0 ? 0 : (double) cells / whole;
        int from = Math.clamp(Math.round(offset * scale), 0, cells - 1);
        int length = Math.clamp(Math.round(duration * scale), 1, cells - from);
        return " ".repeat(from) + "█".repeat(length);
    }

    /** A time in three or four digits: {@code 1.2 us}, {@code 12.3 ms}, {@code 1.23 s}. */
    static String duration(long nanos) {
        if (nanos < 1_000_000) {
            return String.format(Locale.ROOT, nanos < 100_000 ? "%.1f us" : "%.0f us", nanos / 1e3);
        }
        if (nanos < 1_000_000_000) {
            return String.format(Locale.ROOT, nanos < 100_000_000 ? "%.1f ms" : "%.0f ms", nanos / 1e6);
        }
        return String.format(Locale.ROOT, "%.2f s", nanos / 1e9);
    }

    private static String count(int number, String noun) {
        return number + " " + noun + (number == 1 ? "" : "s");
    }

    private interface Column {
        String of(Line line);
    }

    private static int widest(List<Line> lines, String head, Column column) {
        int widest = head.length();
        for (Line line : lines) {
            widest = Math.max(widest, column.of(line).length());
        }
        return widest;
    }

    private static String cut(String text, int length) {
        return text.length() <= length ? text : text.substring(0, length - 1) + "…";
    }

    private static String pad(String text, int length) {
        return text + " ".repeat(Math.max(0, length - text.length()));
    }

    private static String padLeft(String text, int length) {
        return " ".repeat(Math.max(0, length - text.length())) + text;
    }
}
