package dev.trellis.lattice.contracts;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Why a call has no reply. A closed set: each case says whether trying again may help, and travels between hosts.
 * {@code subject} names the actor, provider or message that it is about.
 */
public sealed interface InvocationFailure {
    /** Longest {@code message} kept; the rest is cut. */
    int MESSAGE_LENGTH_MAX = 2048;

    /** The actor, provider or message that the failure is about. */
    String subject();

    /** What happened, for people. */
    String message();

    /** Name of the case: one of a closed set. */
    default String kind() {
        return getClass().getSimpleName();
    }

    /** One line with subject and message. */
    default String describe() {
        return subject() + ": " + message();
    }

    /** Whether the same call may succeed a moment later, and certainly has not run now. */
    default boolean retryable() {
        return switch (this) {
            case NoTarget _, Overloaded _, Unavailable _ -> true;
            case NotLinked _,
                    DeadlineExceeded _,
                    Trapped _,
                    ActorFailed _,
                    ProviderFailed _,
                    UnknownOperation _,
                    PayloadTooLarge _,
                    ConnectionLost _,
                    Malformed _,
                    TooDeep _ -> false;
        };
    }

    /** The first failure in the chain of causes: of a call made on behalf of the failed one. */
    default InvocationFailure root() {
        return this instanceof ActorFailed failed && failed.cause().isPresent()
                ? failed.cause().get().root()
                : this;
    }

    /** The source has no link that would allow this call. */
    record NotLinked(String subject, String message) implements InvocationFailure {}

    /** No host that can be reached runs the target. Nothing has run. */
    record NoTarget(String subject, String message) implements InvocationFailure {}

    /** The target's queue is full, or the call waited in it until its deadline. Nothing has run. */
    record Overloaded(String subject, String message) implements InvocationFailure {}

    /** Time ran out. The target may have run. */
    record DeadlineExceeded(String subject, String message) implements InvocationFailure {}

    /** The guest was ended by the engine: a trap, or a limit. */
    record Trapped(String subject, String message) implements InvocationFailure {}

    /** The guest answered with an error; {@code cause} is a call of its own that failed before it did. */
    record ActorFailed(String subject, String message, Optional<InvocationFailure> cause)
            implements InvocationFailure {}

    /** The provider answered with an error that trying again will not mend. */
    record ProviderFailed(String subject, String message) implements InvocationFailure {}

    /** The target does not have the operation. */
    record UnknownOperation(String subject, String message) implements InvocationFailure {}

    /** A request or reply is larger than its limit. */
    record PayloadTooLarge(String subject, String message) implements InvocationFailure {}

    /** The target is there but what it needs is not: a store that cannot be reached. Nothing has run. */
    record Unavailable(String subject, String message) implements InvocationFailure {}

    /** The target's host went away while it had the call. The target may have run. */
    record ConnectionLost(String subject, String message) implements InvocationFailure {}

    /** A request or reply that is not what its contract says. */
    record Malformed(String subject, String message) implements InvocationFailure {}

    /** The call tree is deeper than {@link Invocation#HOPS_MAX}. */
    record TooDeep(String subject, int hops) implements InvocationFailure {
        @Override
        public String message() {
            return "call tree of " + hops + " hops is deeper than " + Invocation.HOPS_MAX
                    + "; do actors call each other in a circle?";
        }
    }

    /** {@code message}, cut to {@link #MESSAGE_LENGTH_MAX}; a stand-in for {@code null}. */
    static String limited(@Nullable String message) {
        if (message == null || message.isEmpty()) {
            return "no reason given";
        }
        if (message.length() <= MESSAGE_LENGTH_MAX) {
            return message;
        }
        boolean splitsPair = Character.isHighSurrogate(message.charAt(MESSAGE_LENGTH_MAX - 1));
        return message.substring(0, splitsPair ? MESSAGE_LENGTH_MAX - 1 : MESSAGE_LENGTH_MAX) + "...";
    }
}
