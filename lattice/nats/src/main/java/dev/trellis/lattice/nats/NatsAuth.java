package dev.trellis.lattice.nats;

import io.nats.client.NKey;
import java.nio.file.Path;

/** How a NATS server is told who connects. Prints no secrets. */
public sealed interface NatsAuth {
    /** The server asks for nothing, or the URL says it. */
    record None() implements NatsAuth {}

    /** A file with a user's JWT and seed, as {@code nsc} writes it. */
    record CredentialsFile(Path path) implements NatsAuth {}

    /** A user and a password. */
    record UserPassword(String user, String password) implements NatsAuth {
        @Override
        public String toString() {
            return "UserPassword[user=" + user + ", password=***]";
        }
    }

    /** A token. */
    record Token(String token) implements NatsAuth {
        @Override
        public String toString() {
            return "Token[***]";
        }
    }

    /** The seed of an nkey, which begins with {@code SU}. */
    record NkeySeed(String seed) implements NatsAuth {
        private static final int SEED_LENGTH = 58;

        public NkeySeed {
            boolean valid = seed.length() == SEED_LENGTH && seed.startsWith("SU");
            try {
                NKey.fromSeed(seed.toCharArray()).clear();
            } catch (IllegalArgumentException e) {
                valid = false; // its message is not shown, lest it say the seed
            }
            if (!valid) {
                throw new IllegalArgumentException(
                        "the seed of a user's nkey must have " + SEED_LENGTH + " characters and begin with SU");
            }
        }

        @Override
        public String toString() {
            return "NkeySeed[***]";
        }
    }
}
