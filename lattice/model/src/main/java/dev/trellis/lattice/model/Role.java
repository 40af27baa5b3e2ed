package dev.trellis.lattice.model;

import java.util.Locale;

/** What somebody does in a lattice. Each role has credentials of its own, which open {@link Permissions} of its own. */
public enum Role {
    /** Runs actors and providers: {@code trellis host}. */
    HOST,
    /** Keeps applications true: {@code trellis controller}. */
    CONTROLLER,
    /** Asks and deploys: every other command. */
    CLIENT,
    /**
     * A provider with a connection of its own, which keeps data of actors in the lattice. Providers inside a host use
     * the host's connection.
     */
    PROVIDER;

    /** Its name in configurations and messages, such as {@code host}. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** First token of the subjects on which it gets replies: its own, so that no other role can read them. */
    public String inboxPrefix() {
        return "_INBOX_" + label();
    }

    /** Pattern of all its replies. */
    public String inboxes() {
        return inboxPrefix() + ".>";
    }
}
