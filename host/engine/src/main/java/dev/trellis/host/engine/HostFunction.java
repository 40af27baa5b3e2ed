package dev.trellis.host.engine;

import java.util.List;

/**
 * A function that the host offers to guests under {@code module.name}.
 *
 * @param leaf whether the body may run on the last bytes of the stack, see {@link #asLeaf}
 */
public record HostFunction(String module, String name, Signature signature, Body body, boolean leaf) {
    public HostFunction(String module, String name, Signature signature, Body body) {
        this(module, name, signature, body, false);
    }

    public HostFunction(String module, String name, List<WasmType> params, List<WasmType> results, Body body) {
        this(module, name, new Signature(params, results), body);
    }

    /**
     * The same function without the check, about a microsecond, that 24 KiB of stack are left for it. A guest decides how
     * deep the stack is when it calls. Only for bodies that may end with a {@link StackOverflowError} anywhere without
     * harm: they copy between the guest's memory and the attachment, take no lock and change nothing shared.
     */
    public HostFunction asLeaf() {
        return new HostFunction(module, name, signature, body, true);
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
