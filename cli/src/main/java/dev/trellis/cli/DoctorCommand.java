package dev.trellis.cli;

import dev.trellis.lattice.model.HostSummary;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** {@code trellis doctor}: looks at all that Trellis needs and says what to do about what is missing. */
@Command(
        name = "doctor",
        description = "Check all that Trellis needs, and say what to do about what is missing.",
        footer = {"", "Exits with 1 if a check fails; warnings do not count."})
final class DoctorCommand implements Callable<Integer> {
    private static final int JDK_MIN = 25;
    private static final int NATS_PORT = 4222;
    private static final int HTTP_PORT = 8080;

    private final Session session;
    private final Console console;
    private final List<Check> checks = new ArrayList<>();

    /** How a check ended. */
    private enum Verdict {
        OK(Standing.GOOD),
        WARN(Standing.BUSY),
        FAIL(Standing.BAD);

        private final Standing standing;

        Verdict(Standing standing) {
            this.standing = standing;
        }
    }

    private record Check(Verdict verdict, String subject, String finding, String next) {}

    DoctorCommand(Session session) {
        this.session = session;
        this.console = session.console();
    }

    @Override
    public Integer call() throws InterruptedException {
        checkJava();
        checkNatsServer();
        Optional<UpState> up = UpState.read(session.dataDirectory()).filter(UpState::running);
        checkUp(up);
        checkLattice(up);
        checkPort(HTTP_PORT, "the demo's HTTP port", up.isPresent());
        checkRedis();
        boolean failed = checks.stream().anyMatch(check -> check.verdict() == Verdict.FAIL);
        report(failed);
        return (failed ? ExitCode.FAILED : ExitCode.OK).number();
    }

    private void add(Verdict verdict, String subject, String finding, String next) {
        checks.add(new Check(verdict, subject, finding, next));
    }

    private void checkJava() {
        int feature = Runtime.version().feature();
        String found = Runtime.version() + " in " + System.getProperty("java.home");
        if (feature >= JDK_MIN) {
            add(Verdict.OK, "JDK", found, "");
        } else {
            add(Verdict.FAIL, "JDK", found, "install a JDK " + JDK_MIN + " or newer, or set JAVA_HOME to one");
        }
    }

    private void checkNatsServer() throws InterruptedException {
        Optional<Path> server = Programs.find("nats-server", session);
        if (server.isEmpty()) {
            add(
                    Verdict.WARN,
                    "nats-server",
                    "not on the PATH: `trellis up` runs its lattice in its own process, which nothing else can join",
                    "install the package nats-server, or give --nats URL");
            return;
        }
        String version = Programs.output(server.get(), "--version").orElse("version unknown");
        add(Verdict.OK, "nats-server", version + " in " + server.get(), "");
    }

    private void checkUp(Optional<UpState> up) {
        if (up.isPresent()) {
            String nats = up.get().nats();
            add(
                    Verdict.OK,
                    "trellis up",
                    "runs as process " + up.get().up().pid() + ", lattice "
                            + up.get().lattice() + " over " + (nats == null ? "its own process" : nats),
                    "");
        } else {
            add(Verdict.OK, "trellis up", "does not run with data in " + session.dataDirectory(), "");
            checkPort(NATS_PORT, "where NATS servers listen", false);
        }
    }

    private void checkLattice(Optional<UpState> up) throws InterruptedException {
        String lattice = session.options().lattice.value();
        try (LatticeClient client = session.connect()) {
            add(
                    Verdict.OK,
                    "lattice " + lattice,
                    "reached over " + client.transport().description(),
                    "");
            checkController(client);
            List<HostSummary> hosts = client.hosts();
            if (hosts.isEmpty()) {
                add(Verdict.FAIL, "hosts", "none answers", client.noHost().help());
            } else {
                add(
                        Verdict.OK,
                        "hosts",
                        hosts.size() + ": "
                                + String.join(
                                        ", ",
                                        hosts.stream()
                                                .map(HostSummary::friendlyName)
                                                .toList()),
                        "");
            }
        } catch (CliException e) {
            boolean inProcess = up.isPresent() && up.get().nats() == null;
            add(
                    inProcess ? Verdict.WARN : Verdict.FAIL,
                    "lattice " + lattice,
                    e.what() + e.where().map(where -> ": " + where).orElse(""),
                    e.help());
        }
    }

    private void checkController(LatticeClient client) throws InterruptedException {
        try {
            int applications = client.listApplications().models().size();
            add(Verdict.OK, "controller", "answers, keeps " + applications + " applications", "");
        } catch (CliException e) {
            add(Verdict.FAIL, "controller", e.what(), e.help());
        }
    }

    private void checkPort(int port, String use, boolean inUseIsFine) {
        if (portFree(port)) {
            add(Verdict.OK, "port " + port, "free (" + use + ")", "");
        } else if (inUseIsFine) {
            add(Verdict.OK, "port " + port, "in use (" + use + ")", "");
        } else {
            add(
                    Verdict.WARN,
                    "port " + port,
                    "taken by another process (" + use + ")",
                    port == NATS_PORT
                            ? "if it is a NATS server you want to use: trellis up --nats " + Session.NATS_URL_DEFAULT
                            : "stop that process, or set another PORT in the manifest");
        }
    }

    static boolean portFree(int port) {
        try (var socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private void checkRedis() {
        boolean there = !portFree(6379);
        add(
                Verdict.OK,
                "redis",
                there
                        ? "something listens on port 6379"
                        : "none on port 6379 (only manifests with keyvalue-redis need one)",
                "");
    }

    private void report(boolean failed) {
        if (console.json()) {
            var data = new LinkedHashMap<String, Object>();
            data.put("healthy", !failed);
            data.put(
                    "checks",
                    checks.stream()
                            .map(check -> {
                                var one = new LinkedHashMap<String, Object>();
                                one.put("verdict", check.verdict().name().toLowerCase(Locale.ROOT));
                                one.put("subject", check.subject());
                                one.put("finding", check.finding());
                                if (!check.next().isEmpty()) {
                                    one.put("next", check.next());
                                }
                                return one;
                            })
                            .toList());
            console.document("Doctor", data);
            return;
        }
        for (Check check : checks) {
            if (console.quiet() && check.verdict() == Verdict.OK) {
                continue;
            }
            String verdict = check.verdict().name().toLowerCase(Locale.ROOT);
            console.print(console.outStanding(check.verdict().standing, verdict)
                    + " ".repeat(6 - verdict.length())
                    + check.subject() + ": " + check.finding());
            if (!check.next().isEmpty()) {
                console.print("      next: " + check.next());
            }
        }
    }
}
