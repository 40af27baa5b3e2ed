package dev.trellis.host.engine;

import java.util.OptionalLong;

/** The full type of what a module imports or exports. */
public sealed interface ExternalType {
    ExternalKind kind();

    record Function(Signature signature) implements ExternalType {
        @Override
        public ExternalKind kind() {
            return ExternalKind.FUNCTION;
        }
    }

    /**
     * A table.
     *
     * @param max empty: as large as the engine allows
     */
    record Table(WasmType element, long min, OptionalLong max) implements ExternalType {
        @Override
        public ExternalKind kind() {
            return ExternalKind.TABLE;
        }
    }

    /**
     * A memory.
     *
     * @param maxPages empty: as large as the engine allows
     */
    record Memory(long minPages, OptionalLong maxPages) implements ExternalType {
        @Override
        public ExternalKind kind() {
            return ExternalKind.MEMORY;
        }
    }

    record Global(WasmType type, boolean mutable) implements ExternalType {
        @Override
        public ExternalKind kind() {
            return ExternalKind.GLOBAL;
        }
    }

    record Tag(Signature signature) implements ExternalType {
        @Override
        public ExternalKind kind() {
            return ExternalKind.TAG;
        }
    }
}
