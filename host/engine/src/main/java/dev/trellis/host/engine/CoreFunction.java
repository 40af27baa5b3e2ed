package dev.trellis.host.engine;

/** A function of a store: of one of its instances, or of the host. Belongs to the thread that uses the store. */
public abstract sealed class CoreFunction implements CoreItem {
    private final Signature signature;

    private CoreFunction(Signature signature) {
        this.signature = signature;
    }

    public final Signature signature() {
        return signature;
    }

    @Override
    public final ExternalKind kind() {
        return ExternalKind.FUNCTION;
    }

    /**
     * Calls the function. A host function may call guests of its store again; the budget of the outermost call holds for
     * all. After any exception the store is broken: further calls are refused.
     *
     * @param args one per parameter, see {@link WasmType}; not kept, and not checked
     * @return one per result; valid until the next call
     * @throws GuestException if the guest ended without a result
     * @throws InterruptedException if this thread was interrupted, not counting interrupts at the end of the budget
     */
    public abstract long[] call(long... args) throws InterruptedException;

    /** What a host function does; rules as of {@link HostFunction.Body#call}. */
    @FunctionalInterface
    public interface Body {
        long[] call(long[] args) throws InterruptedException;
    }

    static final class OfGuest extends CoreFunction {
        private final CoreInstance owner;
        private final int number;

        OfGuest(CoreInstance owner, int number) {
            super(owner.module().typeOf(number));
            this.owner = owner;
            this.number = number;
        }

        @Override
        public long[] call(long... args) throws InterruptedException {
            return owner.store().guard().call(owner.machine(), number, args);
        }

        /** The call of another guest: it is inside a guarded one already. */
        long[] callFromGuest(long[] args) {
            return owner.machine().call(number, args);
        }

        CoreInstance owner() {
            return owner;
        }

        /** The function as references of the store name it. */
        long entry() {
            return (long) owner.number() << Integer.SIZE | number;
        }
    }

    static final class OfHost extends CoreFunction {
        private final Body body;
        private final boolean leaf;

        OfHost(Signature signature, Body body, boolean leaf) {
            super(signature);
            this.body = body;
            this.leaf = leaf;
        }

        @Override
        public long[] call(long... args) throws InterruptedException {
            return body.call(args);
        }

        long[] callFromGuest(CallGuard guard, long[] args) {
            if (!leaf) {
                StackReserve.check();
            }
            long[] results;
            try {
                results = body.call(args);
            } catch (Throwable e) {
                throw guard.hostThrew(e);
            }
            guard.checkTime();
            return results;
        }
    }
}
