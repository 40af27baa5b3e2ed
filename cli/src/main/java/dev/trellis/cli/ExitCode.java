package dev.trellis.cli;

/** What the shell is told. Scripts rely on these numbers; they never change their meaning. */
enum ExitCode {
    /** Done, and seen to be done. */
    OK(0),
    /** Understood and tried, and it failed: a deployment, a call, a check. */
    FAILED(1),
    /** The command line is not valid. */
    USAGE(2),
    /** What the command names does not exist. */
    NOT_FOUND(3),
    /** It exists or runs already, or somebody else changed it. */
    CONFLICT(4),
    /** A manifest or an image is not valid. */
    INVALID(5),
    /** Refused by a policy or for want of permission. */
    REFUSED(6),
    /** The lattice or its controller cannot be reached. */
    UNREACHABLE(7),
    /** Time ran out while waiting; the state may still change. */
    TIMEOUT(8),
    /** Some of what was asked was done. */
    PARTIAL(9),
    /** Ctrl-C. */
    INTERRUPTED(130);

    private final int number;

    ExitCode(int number) {
        this.number = number;
    }

    int number() {
        return number;
    }
}
