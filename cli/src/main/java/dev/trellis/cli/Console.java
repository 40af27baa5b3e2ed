package dev.trellis.cli;

import dev.trellis.lattice.model.WireJson;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The two streams of a command and what they are connected to: data goes to standard output, everything else to
 * standard error. Colour and moving lines only on a terminal.
 */
final class Console {
    /** Version of the JSON documents that {@code -o json} prints. */
    static final String API_VERSION = "trellis.dev/v1";

    private final PrintStream out;
    private final PrintStream err;
    private final boolean outColour;
    private final boolean errColour;
    private final boolean moving;
    private boolean quiet;
    private OutputFormat format = OutputFormat.TEXT;
    private boolean documentPrinted;

    private Console(PrintStream out, PrintStream err, boolean outColour, boolean errColour, boolean moving) {
        this.out = out;
        this.err = err;
        this.outColour = outColour;
        this.errColour = errColour;
        this.moving = moving;
    }

    /** Streams that are no terminals. */
    static Console plain(PrintStream out, PrintStream err) {
        return new Console(out, err, false, false, false);
    }

    /**
     * The streams of this process.
     *
     * @param terminals which of them are terminals, as the launcher found: {@code out}, {@code err}, both, or neither
     */
    static Console of(PrintStream out, PrintStream err, Map<String, String> environment, String terminals) {
        List<String> connected = List.of(terminals.split(",", -1));
        boolean dumb = "dumb".equals(environment.get("TERM")) || environment.containsKey("CI");
        boolean colour = !dumb && environment.getOrDefault("NO_COLOR", "").isEmpty();
        return new Console(
                out,
                err,
                colour && connected.contains("out"),
                colour && connected.contains("err"),
                !dumb && connected.contains("err"));
    }

    void configure(GlobalOptions options) {
        this.quiet = options.quiet;
        this.format = options.output;
    }

    boolean json() {
        return format == OutputFormat.JSON;
    }

    boolean quiet() {
        return quiet;
    }

    /** Whether lines on standard error may be rewritten. */
    boolean moving() {
        return moving && !quiet;
    }

    /** A line of data. */
    void print(String line) {
        out.println(line);
        out.flush();
    }

    /** Data as it is. */
    void print(byte[] bytes) {
        out.write(bytes, 0, bytes.length);
        out.flush();
    }

    /** Standard output for a program's own bytes; fails once nobody reads it. */
    OutputStream out() {
        return new Unread(out);
    }

    /** As {@link #out}. */
    OutputStream err() {
        return new Unread(err);
    }

    /** Says of a {@link PrintStream} what it keeps to itself. */
    private static final class Unread extends OutputStream {
        private final PrintStream to;

        Unread(PrintStream to) {
            this.to = to;
        }

        @Override
        public void write(int one) throws IOException {
            write(new byte[] {(byte) one}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            to.write(bytes, offset, length);
            flush();
        }

        @Override
        public void flush() throws IOException {
            if (to.checkError()) {
                throw new IOException("nobody reads it any more");
            }
        }
    }

    /** The one document of a command under {@code -o json}. */
    void document(String kind, Object data) {
        var document = new LinkedHashMap<String, Object>();
        document.put("apiVersion", API_VERSION);
        document.put("kind", kind);
        document.put("data", data);
        documentPrinted = true;
        print(WireJson.writePretty(document));
    }

    /** A message for people; silent under {@code -q}. */
    void note(String message) {
        if (!quiet) {
            err.println(message);
            err.flush();
        }
    }

    /** A message that {@code -q} does not silence: part of an error. */
    void error(String message) {
        err.println(message);
        err.flush();
    }

    /** Raw text to standard error: control sequences of moving lines. */
    void raw(String text) {
        err.print(text);
        err.flush();
    }

    /** What failed, where, why, and what to do. Under {@code -o json} also the document of a command that has none. */
    void failure(CliException failure) {
        err.println(red("error: ") + bold(failure.what()));
        failure.where().ifPresent(where -> err.println("  where: " + where));
        List<String> reasons = failure.reasons();
        for (int i = 0; i < reasons.size(); i++) {
            err.println((i == 0 ? "  why:   " : "         ") + reasons.get(i).replace("\n", "\n         "));
        }
        err.println(cyan("help: ") + failure.help());
        err.flush();
        if (json() && !documentPrinted) {
            var error = new LinkedHashMap<String, Object>();
            error.put("exit_code", failure.exitCode().number());
            error.put("code", failure.exitCode().name().toLowerCase(java.util.Locale.ROOT));
            error.put("what", failure.what());
            failure.where().ifPresent(where -> error.put("where", where));
            error.put("why", reasons);
            error.put("help", failure.help());
            document("Error", error);
        }
    }

    void stackTrace(Throwable failure) {
        failure.printStackTrace(err);
    }

    boolean outColour() {
        return outColour;
    }

    PrintWriter outWriter() {
        return new PrintWriter(out, true, out.charset());
    }

    PrintWriter errWriter() {
        return new PrintWriter(err, true, err.charset());
    }

    String red(String text) {
        return style(errColour, "31;1", text);
    }

    String cyan(String text) {
        return style(errColour, "36", text);
    }

    String bold(String text) {
        return style(errColour, "1", text);
    }

    String dim(String text) {
        return style(errColour, "2", text);
    }

    /** Text in a standing that a glance should tell: good is green, bad red, under way yellow; for standard error. */
    String standing(Standing standing, String text) {
        return style(errColour, standing.colour(), text);
    }

    /** The same for standard output. */
    String outStanding(Standing standing, String text) {
        return style(outColour, standing.colour(), text);
    }

    String outBold(String text) {
        return style(outColour, "1", text);
    }

    private static String style(boolean colour, String code, String text) {
        return colour ? "\u001b[" + code + "m" + text + "\u001b[0m" : text;
    }
}
