package dev.trellis.host.actor;

/** A module that passed inspection cannot be started as an actor: it does not link, or its initialisation failed. */
public final class ActorStartException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public ActorStartException(String message, Throwable cause) {
        super(message, cause);
    }
}
