package dev.trellis.lattice.transport;

/** Why the lattice did not do what was asked. A closed set. */
public sealed interface TransportFailure {
    /** What was asked for, and what stood in its way. */
    String message();

    /** Nobody subscribes to the subject of a request. Nobody has handled it. */
    record NoResponders(String subject) implements TransportFailure {
        @Override
        public String message() {
            return "nobody answers on " + subject;
        }
    }

    /** No reply came in time. Somebody may have handled the request. */
    record TimedOut(String subject, long millis) implements TransportFailure {
        @Override
        public String message() {
            return "no reply on " + subject + " within " + millis + " ms";
        }
    }

    /** There is no connection. {@code sent} says whether the message may have left before it broke. */
    record Disconnected(String subject, boolean sent) implements TransportFailure {
        @Override
        public String message() {
            return sent
                    ? "the connection to the lattice broke while waiting for " + subject
                    : "no connection to the lattice for " + subject;
        }
    }

    /** No connection could be made in the first place. {@code server} is a URL without credentials. */
    record Unreachable(String server, String reason) implements TransportFailure {
        @Override
        public String message() {
            return "cannot connect to " + server + ": " + reason;
        }
    }

    /** A payload above {@link LatticeTransport#PAYLOAD_BYTES_MAX}, or a value above that of its store. */
    record PayloadTooLarge(String subject, long bytes, long bytesMax) implements TransportFailure {
        @Override
        public String message() {
            return "payload of " + bytes + " bytes for " + subject + " is larger than " + bytesMax;
        }
    }

    /** A key is not at the revision that the caller last saw. */
    record Conflict(String key) implements TransportFailure {
        @Override
        public String message() {
            return "key " + key + " has changed meanwhile";
        }
    }

    /** The server refused: no permission, no JetStream, a subject or key that is not valid. */
    record Refused(String subject, String reason) implements TransportFailure {
        @Override
        public String message() {
            return subject + " was refused: " + reason;
        }
    }
}
