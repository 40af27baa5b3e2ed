package dev.trellis.host.engine;

import java.time.Duration;
import java.util.Optional;

/** Why a guest call ended without a result. The instance is gone; the next call gets a fresh one. */
public sealed interface GuestFailure {
    /** One sentence for an operator. */
    String describe();

    /** The guest executed a trap, threw a WebAssembly exception that nobody caught, or broke a rule of the runtime. */
    record Trapped(String reason, Optional<String> function) implements GuestFailure {
        @Override
        public String describe() {
            return "guest trapped" + function.map(name -> " in " + name).orElse("") + ": " + reason;
        }
    }

    /** The call, its host calls included, was still running when its time budget ended. */
    record TimedOut(Duration budget) implements GuestFailure {
        @Override
        public String describe() {
            return "guest ran longer than its time budget of " + budget.toMillis() + " ms";
        }
    }

    /** The guest's calls nested deeper than the thread's stack. */
    record StackExhausted() implements GuestFailure {
        @Override
        public String describe() {
            return "guest calls nested too deeply for the stack";
        }
    }

    /** The guest trapped after {@code memory.grow} was refused at its limit. */
    record MemoryLimitReached(int pagesMax, String reason) implements GuestFailure {
        @Override
        public String describe() {
            return "guest asked for more than its " + pagesMax + " memory pages of 64 KiB, then failed: " + reason;
        }
    }

    /** The guest trapped after {@code table.grow} was refused at its limit. */
    record TableLimitReached(int entriesMax, String reason) implements GuestFailure {
        @Override
        public String describe() {
            return "guest asked for more than its " + entriesMax + " table entries, then failed: " + reason;
        }
    }

    /** The guest left through {@code proc_exit}, or what it has instead. */
    record Exited(int code) implements GuestFailure {
        @Override
        public String describe() {
            return "guest exited with code " + code;
        }
    }

    /** The JVM had no room for another instance; the guest did not run. */
    record HostMemoryExhausted() implements GuestFailure {
        @Override
        public String describe() {
            return "the host has no memory for another instance; the guest did not run";
        }
    }

    /** Another call held the one shared instance until the time budget ended; the guest did not run. */
    record Busy(Duration waited) implements GuestFailure {
        @Override
        public String describe() {
            return "the shared instance was busy for " + waited.toMillis() + " ms; the guest did not run";
        }
    }
}
