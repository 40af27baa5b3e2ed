package dev.trellis.cli;

import java.util.concurrent.Callable;

/** A command that talks to a lattice and ends. */
abstract class LatticeCommand implements Callable<Integer> {
    final Session session;
    final Console console;

    LatticeCommand(Session session) {
        this.session = session;
        this.console = session.console();
    }

    @Override
    public final Integer call() throws CliException, InterruptedException {
        try (LatticeClient client = session.connect()) {
            return run(client).number();
        }
    }

    abstract ExitCode run(LatticeClient client) throws CliException, InterruptedException;
}
