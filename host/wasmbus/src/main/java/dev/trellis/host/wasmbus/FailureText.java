package dev.trellis.host.wasmbus;

import dev.trellis.lattice.contracts.InvocationFailure;

/** What a guest reads about a host call that failed. */
final class FailureText {
    private FailureText() {}

    /** {@code {kind}: {subject}: {message}}. Failures hold no secrets, so neither does this. */
    static String of(InvocationFailure failure) {
        return kind(failure) + ": " + failure.describe();
    }

    private static String kind(InvocationFailure failure) {
        return switch (failure) {
            case InvocationFailure.NotLinked _ -> "NotLinked";
            case InvocationFailure.NoTarget _ -> "NoTarget";
            case InvocationFailure.Overloaded _ -> "Overloaded";
            case InvocationFailure.DeadlineExceeded _ -> "DeadlineExceeded";
            case InvocationFailure.Trapped _ -> "Trapped";
            case InvocationFailure.ActorFailed _ -> "ActorFailed";
            case InvocationFailure.ProviderFailed _ -> "ProviderFailed";
            case InvocationFailure.UnknownOperation _ -> "UnknownOperation";
            case InvocationFailure.PayloadTooLarge _ -> "PayloadTooLarge";
            case InvocationFailure.Unavailable _ -> "Unavailable";
            case InvocationFailure.ConnectionLost _ -> "ConnectionLost";
            case InvocationFailure.Malformed _ -> "Malformed";
            case InvocationFailure.TooDeep _ -> "TooDeep";
        };
    }
}
