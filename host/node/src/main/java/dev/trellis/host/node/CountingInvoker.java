package dev.trellis.host.node;

import dev.trellis.lattice.contracts.Invocation;
import dev.trellis.lattice.contracts.Invoker;
import dev.trellis.lattice.contracts.Payload;

/** Counts the calls that one start of a provider makes. */
record CountingInvoker(Invoker invoker, CallGate gate) implements Invoker {
    @Override
    public Payload invoke(Invocation invocation) throws InterruptedException {
        int entry = gate.enter();
        try {
            return invoker.invoke(invocation);
        } finally {
            if (entry != CallGate.CLOSED) {
                gate.leave(entry);
            }
        }
    }
}
