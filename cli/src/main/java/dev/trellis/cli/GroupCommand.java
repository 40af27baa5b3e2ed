package dev.trellis.cli;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** A noun that needs a verb: without one it says which there are; {@code trellis} alone prints its help too. */
abstract class GroupCommand implements Runnable {
    @Spec
    CommandSpec spec = CommandSpec.create();

    @Override
    public void run() {
        if (spec.parent() == null) {
            spec.commandLine().usage(spec.commandLine().getErr());
        }
        throw new ParameterException(
                spec.commandLine(),
                "'" + spec.qualifiedName() + "' needs one of: "
                        + String.join(", ", spec.subcommands().keySet()));
    }
}
