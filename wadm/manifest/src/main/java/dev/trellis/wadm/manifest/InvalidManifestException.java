package dev.trellis.wadm.manifest;

import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;

/** A manifest that cannot be used, with everything that is wrong with it in the order of the file. */
public final class InvalidManifestException extends Exception {
    private static final long serialVersionUID = 1;

    /** Problems listed at most; the message says how many more there are. */
    public static final int PROBLEMS_MAX = 50;

    private final transient List<Problem> problems;

    InvalidManifestException(List<Problem> problems, int omitted) {
        super(problems.stream().map(Problem::format).collect(Collectors.joining("\n"))
                + (omitted == 0 ? "" : "\n... and " + omitted + " more"));
        this.problems = List.copyOf(problems);
    }

    /** At least one error, then and between them the warnings; at most {@value #PROBLEMS_MAX}. */
    public List<Problem> problems() {
        return problems;
    }

    /** Every problem with its source line, ready to print. */
    @Override
    public String getMessage() {
        return Objects.requireNonNull(super.getMessage());
    }
}
