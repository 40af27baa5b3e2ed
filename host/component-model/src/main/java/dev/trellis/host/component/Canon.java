package dev.trellis.host.component;

import dev.trellis.host.engine.Signature;
import dev.trellis.host.engine.WasmType;
import java.util.List;
import java.util.Optional;

/** A canonical definition: a core function made component function, the reverse, or a built-in core function. */
public sealed interface Canon {
    record Lift(int coreFunction, List<Option> options, int type) implements Canon {
        public Lift {
            options = List.copyOf(options);
        }
    }

    record Lower(int function, List<Option> options) implements Canon {
        public Lower {
            options = List.copyOf(options);
        }
    }

    record ResourceNew(int type) implements Canon {}

    record ResourceDrop(int type) implements Canon {}

    record ResourceRep(int type) implements Canon {}

    /** A built-in without immediates. */
    record Plain(BuiltIn builtIn) implements Canon {}

    record TaskReturn(Optional<TypeSyntax.Value> result, List<Option> options) implements Canon {
        public TaskReturn {
            options = List.copyOf(options);
        }
    }

    record ContextGet(WasmType type, int slot) implements Canon {}

    record ContextSet(WasmType type, int slot) implements Canon {}

    record SubtaskCancel(boolean async) implements Canon {}

    /** What a channel carries values of: many, or one. */
    enum Channel {
        STREAM,
        FUTURE
    }

    enum End {
        READABLE,
        WRITABLE
    }

    record ChannelNew(Channel channel, int type) implements Canon {}

    /** A read on the readable end, a write on the writable one. */
    record ChannelCopy(Channel channel, End end, int type, List<Option> options) implements Canon {
        public ChannelCopy {
            options = List.copyOf(options);
        }
    }

    record ChannelCancel(Channel channel, End end, int type, boolean async) implements Canon {}

    record ChannelDrop(Channel channel, End end, int type) implements Canon {}

    record ErrorContextNew(List<Option> options) implements Canon {
        public ErrorContextNew {
            options = List.copyOf(options);
        }
    }

    record ErrorContextDebugMessage(List<Option> options) implements Canon {
        public ErrorContextDebugMessage {
            options = List.copyOf(options);
        }
    }

    record WaitableSetWait(boolean cancellable, int memory) implements Canon {}

    record WaitableSetPoll(boolean cancellable, int memory) implements Canon {}

    record ThreadNewIndirect(int coreType, int table) implements Canon {}

    /** A built-in that gives the thread of control away. */
    record ThreadSwitch(Switch how, boolean cancellable) implements Canon {}

    enum Switch {
        YIELD(false),
        SUSPEND(false),
        SUSPEND_THEN_RESUME(true),
        YIELD_THEN_RESUME(true),
        SUSPEND_THEN_PROMOTE(true),
        YIELD_THEN_PROMOTE(true);

        private final boolean toAnother;

        Switch(boolean toAnother) {
            this.toAnother = toAnother;
        }

        /** Whether it takes the index of another thread. */
        public boolean toAnother() {
            return toAnother;
        }
    }

    record ThreadSpawnRef(boolean shared, int coreType) implements Canon {}

    record ThreadSpawnIndirect(boolean shared, int coreType, int table) implements Canon {}

    record ThreadAvailableParallelism(boolean shared) implements Canon {}

    /** The built-ins without immediates, with their core signatures. */
    enum BuiltIn {
        TASK_CANCEL(List.of(), List.of()),
        SUBTASK_DROP(List.of(WasmType.I32), List.of()),
        BACKPRESSURE_INC(List.of(), List.of()),
        BACKPRESSURE_DEC(List.of(), List.of()),
        ERROR_CONTEXT_DROP(List.of(WasmType.I32), List.of()),
        WAITABLE_SET_NEW(List.of(), List.of(WasmType.I32)),
        WAITABLE_SET_DROP(List.of(WasmType.I32), List.of()),
        WAITABLE_JOIN(List.of(WasmType.I32, WasmType.I32), List.of()),
        THREAD_INDEX(List.of(), List.of(WasmType.I32)),
        THREAD_RESUME_LATER(List.of(WasmType.I32), List.of());

        private final Signature signature;

        BuiltIn(List<WasmType> params, List<WasmType> results) {
            this.signature = new Signature(params, results);
        }

        public Signature signature() {
            return signature;
        }
    }

    /** How values cross between core and component functions. */
    sealed interface Option {
        int offset();

        record Encoding(int offset, StringEncoding encoding) implements Option {}

        record Memory(int offset, int memory) implements Option {}

        record Realloc(int offset, int coreFunction) implements Option {}

        record PostReturn(int offset, int coreFunction) implements Option {}

        record Async(int offset) implements Option {}

        record Callback(int offset, int coreFunction) implements Option {}
    }

    /** How strings lie in guest memory. */
    enum StringEncoding {
        UTF8,
        UTF16,
        /** Latin-1 where all characters allow it, UTF-16 elsewhere; the length says which. */
        LATIN1_OR_UTF16
    }
}
