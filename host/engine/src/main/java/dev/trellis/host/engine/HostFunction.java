package dev.trellis.host.engine;

import java.util.List;

/** A function that the host offers to guests under {@code module.name}. */
public record HostFunction(String module, String name, Signature signature, Body body) {
    public HostFunction(String module, String name, List<WasmType> params, List<WasmType> results, Body body) {
        this(module, name, new Signature(params, results), body);
    }

    /** What runs when the guest calls. */
    @FunctionalInterface
    public interface Body {
        /**
         * Runs on the guest's thread, inside the guest's time budget; when the budget ends the thread is interrupted.
         *
         * <p>{@code args} has one element per parameter and belongs to the callee. The result must have one element per
         * result; for no results an empty array. Whatever this throws unwinds the guest, which cannot catch it, and
         * reaches the caller of {@link GuestInstance#call} unchanged, unless the budget ended first.
         *
         * @throws InterruptedException if the thread was interrupted while blocked
         */
        long[] call(GuestInstance caller, long[] args) throws InterruptedException;
    }
}
