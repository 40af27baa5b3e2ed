package dev.trellis.cli;

import dev.trellis.observability.traces.Trace;
import dev.trellis.observability.traces.TraceQuery;
import dev.trellis.observability.traces.TraceSummary;
import dev.trellis.wadm.manifest.Slug;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code trellis trace}: the recent traces that the controller keeps. */
final class TraceCommands {
    /** Letters of a trace id in a list; enough to name it. */
    private static final int ID_LENGTH = 12;

    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm:ss.SSS", Locale.ROOT);

    private TraceCommands() {}

    @Command(name = "trace", description = "Recent requests, followed over all hosts.")
    static final class Group extends GroupCommand {}

    @Command(
            name = "list",
            description = "List recent traces, newest first.",
            footer = {"", "Example:", "  trellis trace list --errors --app user-api"})
    static final class ListTraces extends LatticeCommand {
        @Option(names = "--errors", description = "Only those in which something failed.")
        boolean errors;

        @Option(names = "--slow", paramLabel = "TIME", description = "Only those that took at least so long.")
        @Nullable
        Duration slow;

        @Option(names = "--app", paramLabel = "NAME", description = "Only those that touched this application.")
        String app = "";

        @Option(names = "--limit", paramLabel = "N", description = "At most so many. Default: 20.")
        int limit = 20;

        ListTraces(Session session) {
            super(session);
        }

        @Override
        ExitCode run(LatticeClient client) throws CliException, InterruptedException {
            List<TraceSummary> traces = client.traces(query());
            if (console.json()) {
                console.document("TraceList", traces);
                return ExitCode.OK;
            }
            if (traces.isEmpty()) {
                console.note(
                        "No such traces in lattice " + client.lattice() + ". The controller keeps recent ones only.");
                return ExitCode.OK;
            }
            Table table = new Table("TRACE", "STARTED", "TOOK", "SPANS", "ERRORS", "HOSTS", "SITES", "WHAT");
            for (TraceSummary trace : traces) {
                table.row(
                        trace.traceId().substring(0, ID_LENGTH),
                        started(trace.startEpochNanos()),
                        TraceView.duration(trace.durationNanos()),
                        String.valueOf(trace.spans()),
                        trace.errors() == 0 ? "-" : trace.errors() + " " + trace.error(),
                        String.join(",", trace.hosts()),
                        String.join(",", trace.sites()),
                        trace.name());
            }
            table.print(console);
            return ExitCode.OK;
        }

        private TraceQuery query() throws CliException {
            try {
                return new TraceQuery(
                        errors, slow == null ? 0 : slow.toNanos(), app.isEmpty() ? "" : Slug.of(app) + "-", limit);
            } catch (IllegalArgumentException e) {
                throw new CliException(ExitCode.USAGE, "these traces cannot be listed", "trellis trace list --help")
                        .because(e);
            }
        }
    }

    @Command(name = "last", description = "Show the newest trace as a waterfall.")
    static final class Last extends LatticeCommand {
        Last(Session session) {
            super(session);
        }

        @Override
        ExitCode run(LatticeClient client) throws CliException, InterruptedException {
            Optional<Trace> trace = client.trace("");
            if (trace.isEmpty()) {
                throw new CliException(
                                ExitCode.NOT_FOUND,
                                "no trace is kept in lattice " + client.lattice(),
                                "call an application first, then: trellis trace last")
                        .because("traces are kept in the controller's memory, since it started");
            }
            show(session, trace.get());
            return ExitCode.OK;
        }
    }

    @Command(
            name = "show",
            description = "Show a trace as a waterfall.",
            footer = {"", "Example:", "  trellis trace show 4bf92f3577b3"})
    static final class Show extends LatticeCommand {
        private static final Pattern ID = Pattern.compile("[0-9a-f]{1,32}");

        @Parameters(index = "0", paramLabel = "ID", description = "The trace's id, or the beginning of it.")
        String id = "";

        Show(Session session) {
            super(session);
        }

        @Override
        ExitCode run(LatticeClient client) throws CliException, InterruptedException {
            String wanted = id.toLowerCase(Locale.ROOT);
            if (!ID.matcher(wanted).matches()) {
                throw new CliException(ExitCode.USAGE, "'" + id + "' is no id of a trace", "trellis trace list")
                        .because("it has up to 32 hex digits");
            }
            Optional<Trace> trace = client.trace(wanted);
            if (trace.isEmpty()) {
                throw new CliException(
                                ExitCode.NOT_FOUND,
                                "trace " + id + " is not kept in lattice " + client.lattice(),
                                "trellis trace list")
                        .because("old ones make room for new ones");
            }
            show(session, trace.get());
            return ExitCode.OK;
        }
    }

    private static void show(Session session, Trace trace) {
        Console console = session.console();
        if (console.json()) {
            var data = new LinkedHashMap<String, Object>();
            data.put("summary", trace.summary());
            data.put("spans", TraceView.inOrder(trace));
            data.put("left", trace.left());
            console.document("Trace", data);
            return;
        }
        if (console.quiet()) {
            console.print(trace.summary().traceId());
            return;
        }
        new TraceView(console, TraceView.width(session.environment("COLUMNS"))).print(trace);
    }

    static String started(long epochNanos) {
        return TIME.format(Instant.ofEpochSecond(epochNanos / 1_000_000_000, epochNanos % 1_000_000_000)
                .atZone(ZoneId.systemDefault()));
    }
}
