package dev.trellis.host.wasmbus;

import java.time.Instant;

/** Why a module is not run as a classic actor. */
public sealed interface ModuleRefusal {
    /** One sentence for an operator. */
    String describe();

    /** It has no function that the host could call; {@code found} is what it has instead. */
    record NoEntryPoint(String found) implements ModuleRefusal {
        @Override
        public String describe() {
            return "an actor must export the function " + WasmbusModule.GUEST_CALL + " (i32, i32) -> i32, or "
                    + WasmbusModule.START + " () -> (); this module exports " + found;
        }
    }

    /** It imports what hosts of actors do not offer. */
    record ForeignImport(String name, String nearest) implements ModuleRefusal {
        @Override
        public String describe() {
            return "import " + name + " is not offered to actors, which import functions of wasmbus, wapc and "
                    + CommandImports.MODULE + " only; the nearest is " + nearest;
        }
    }

    /** The claims inside it are not what their issuer signed, or cannot be read. */
    record BadClaims(String reason) implements ModuleRefusal {
        @Override
        public String describe() {
            return "the claims in the module are not valid: " + reason;
        }
    }

    /** The claims inside it were good until {@code until}. */
    record ClaimsExpired(String actor, Instant until, Instant now) implements ModuleRefusal {
        @Override
        public String describe() {
            return "the claims of actor " + actor + " expired at " + until + ", it is now " + now
                    + "; sign the module again";
        }
    }

    /** The claims inside it will be good from {@code from}. */
    record ClaimsNotYetValid(String actor, Instant from, Instant now) implements ModuleRefusal {
        @Override
        public String describe() {
            return "the claims of actor " + actor + " are valid from " + from + ", it is now " + now
                    + "; is the clock right?";
        }
    }
}
