package dev.trellis.host.component;

/**
 * A resource of a guest that the host holds. Belongs to the instance it came from and to the thread that uses that; closed
 * with it at the latest.
 */
public final class GuestResource implements AutoCloseable {
    private final ComponentInstance instance;
    private final ResourceDefinition resource;
    private final int rep;
    private final boolean owned;
    private boolean open = true;

    private GuestResource(ComponentInstance instance, ResourceDefinition resource, int rep, boolean owned) {
        this.instance = instance;
        this.resource = resource;
        this.rep = rep;
        this.owned = owned;
    }

    static GuestResource owned(ComponentInstance instance, ResourceDefinition resource, int rep) {
        return new GuestResource(instance, resource, rep, true);
    }

    /** For the duration of a call of the host. */
    static GuestResource borrowed(ComponentInstance instance, ResourceDefinition resource, int rep) {
        return new GuestResource(instance, resource, rep, false);
    }

    /** Whether it can still be used in calls. */
    public boolean isOpen() {
        return open;
    }

    boolean isOf(ComponentInstance other, ResourceDefinition expected) {
        return open && instance == other && resource == expected;
    }

    int rep() {
        return rep;
    }

    /** The guest owns it again. */
    int giveAway() {
        if (!owned) {
            throw new IllegalArgumentException("a borrowed " + resource + " cannot be given away");
        }
        forget();
        return rep;
    }

    /** Without the guest being told. */
    void forget() {
        if (open) {
            open = false;
            if (owned) {
                instance.closed(this);
            }
        }
    }

    /**
     * Runs the guest's destructor, if the host owns the resource and the instance still works. If the destructor fails the
     * instance is broken, and an interrupt of this thread is still set afterwards.
     */
    @Override
    public void close() {
        if (!open) {
            return;
        }
        forget();
        if (owned) {
            try {
                instance.destroy(resource, rep);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Override
    public String toString() {
        return (owned ? "own " : "borrow ") + resource;
    }
}
