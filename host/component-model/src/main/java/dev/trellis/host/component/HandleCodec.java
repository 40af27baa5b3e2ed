package dev.trellis.host.component;

import org.jspecify.annotations.Nullable;

/** Handles. In Java the host's own object for a resource of the host, a {@link GuestResource} for one of a guest. */
abstract class HandleCodec extends Codec {
    final ResourceDefinition resource;

    private HandleCodec(ResourceDefinition resource) {
        super(Layout.HANDLE);
        this.resource = resource;
    }

    abstract Object take(GuestSide from, int number);

    abstract int give(GuestSide to, @Nullable Object value);

    abstract int move(GuestSide from, int number, GuestSide to);

    @Override
    final Object lift(GuestSide from, long[] flat, int at) {
        return take(from, (int) flat[at]);
    }

    @Override
    final Object load(GuestSide from, int address) {
        return take(from, from.memory().readInt(address));
    }

    @Override
    final void lower(GuestSide to, @Nullable Object value, long[] flat, int at) {
        flat[at] = give(to, value) & GuestSide.U32;
    }

    @Override
    final void store(GuestSide to, @Nullable Object value, int address) {
        to.memory().writeInt(address, give(to, value));
    }

    @Override
    final void pass(GuestSide from, long[] flat, int at, GuestSide to, long[] out, int outAt) {
        out[outAt] = move(from, (int) flat[at], to) & GuestSide.U32;
    }

    @Override
    final void copy(GuestSide from, int address, GuestSide to, int toAddress) {
        to.memory().writeInt(toAddress, move(from, from.memory().readInt(address), to));
    }

    final Object hostObject(@Nullable Object value) {
        if (resource.host == null || value == null || !resource.host.type().isInstance(value)) {
            throw refused(value);
        }
        return value;
    }

    final GuestResource guestResource(GuestSide to, @Nullable Object value) {
        if (value instanceof GuestResource known && known.isOf(to.instance, resource)) {
            return known;
        }
        throw refused(value);
    }

    @Override
    String expected() {
        return resource.host == null
                ? "an open GuestResource of the same instance, for a handle of a " + resource
                : "a " + resource.host.type().getName() + " for a handle of " + resource;
    }

    static final class Own extends HandleCodec {
        Own(ResourceDefinition resource) {
            super(resource);
        }

        private Handle remove(GuestSide from, int number) {
            Handle handle = from.frame.handles.remove(number, resource);
            if (!handle.owns()) {
                throw dev.trellis.host.engine.GuestException.trapped(
                        "cannot give away a borrowed resource: handle index " + number + " of " + resource);
            }
            return handle;
        }

        @Override
        Object take(GuestSide from, int number) {
            Handle handle = remove(from, number);
            Object object = handle.object;
            return object != null ? object : from.instance.opened(resource, handle.rep);
        }

        @Override
        int give(GuestSide to, @Nullable Object value) {
            return to.frame.handles.add(
                    resource.ofHost()
                            ? Handle.own(resource, hostObject(value))
                            : Handle.own(resource, guestResource(to, value).giveAway()));
        }

        @Override
        int move(GuestSide from, int number, GuestSide to) {
            return to.frame.handles.add(remove(from, number));
        }
    }

    static final class Borrow extends HandleCodec {
        Borrow(ResourceDefinition resource) {
            super(resource);
        }

        @Override
        Object take(GuestSide from, int number) {
            Handle handle = from.frame.handles.get(number, resource);
            from.lend(handle);
            Object object = handle.object;
            return object != null ? object : GuestResource.borrowed(from.instance, resource, handle.rep);
        }

        @Override
        int give(GuestSide to, @Nullable Object value) {
            if (resource.ofHost()) {
                return to.frame.handles.add(Handle.borrow(resource, 0, hostObject(value), to.task()));
            }
            return give(to, guestResource(to, value).rep(), null);
        }

        @Override
        int move(GuestSide from, int number, GuestSide to) {
            Handle handle = from.frame.handles.get(number, resource);
            from.lend(handle);
            return give(to, handle.rep, handle.object);
        }

        private int give(GuestSide to, int rep, @Nullable Object object) {
            return to.frame.number == resource.frame
                    ? rep
                    : to.frame.handles.add(Handle.borrow(resource, rep, object, to.task()));
        }
    }
}
