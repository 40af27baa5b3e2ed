package dev.trellis.cli;

import java.util.Map;
import java.util.Stack;
import picocli.CommandLine.IParameterPreprocessor;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;

/** Lets {@code --wait} stand alone before another argument: only {@code --wait=TIME} gives it a time. */
final class WaitOption implements IParameterPreprocessor {
    @Override
    @SuppressWarnings("JdkObsolete") // picocli's own signature
    public boolean preprocess(Stack<String> args, CommandSpec command, ArgSpec arg, Map<String, Object> info) {
        if (!"=".equals(info.get("separator"))) {
            args.push(DurationConverter.format(ApplicationDeployer.WAIT_DEFAULT));
        }
        return false;
    }
}
