package dev.trellis.cli;

import java.util.LinkedHashMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** {@code trellis version}. */
@Command(name = "version", description = "Print the version of Trellis and of what it runs on.")
final class VersionCommand implements Callable<Integer> {
    private final Console console;

    VersionCommand(Session session) {
        this.console = session.console();
    }

    @Override
    public Integer call() {
        String java = Runtime.version() + " (" + System.getProperty("java.vendor") + ")";
        String system = System.getProperty("os.name") + " " + System.getProperty("os.arch");
        if (console.json()) {
            var data = new LinkedHashMap<String, Object>();
            data.put("version", trellis());
            data.put("java", java);
            data.put("system", system);
            console.document("Version", data);
        } else if (console.quiet()) {
            console.print(trellis());
        } else {
            console.print("trellis " + trellis() + ", Java " + java + ", " + system);
        }
        return ExitCode.OK.number();
    }

    /** The version of Trellis, from its jar. */
    static String trellis() {
        String version = VersionCommand.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }
}
