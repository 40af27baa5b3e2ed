package dev.trellis.host.wasi;

import dev.trellis.host.engine.GuestException;

/** The pollables that a guest has of one of its resources, which must not end before they do. Used by the guest's thread. */
final class Subscriptions {
    private int live;

    private final class Subscription implements Pollable {
        private final Pollable source;

        Subscription(Pollable source) {
            this.source = source;
            live++;
        }

        @Override
        public boolean ready() {
            return source.ready();
        }

        @Override
        public long readyAtNanos() {
            return source.readyAtNanos();
        }

        @Override
        public void close() {
            live--;
        }
    }

    /** A pollable for the guest that is ready when {@code source} is. */
    Pollable subscribe(Pollable source) {
        return new Subscription(source);
    }

    /**
     * The resource ends.
     *
     * @throws GuestException if one of its pollables is left
     */
    void end(String resource) {
        if (live > 0) {
            throw GuestException.trapped(
                    "a resource ends after those made of it: the " + resource + " still has " + live + " pollables");
        }
    }
}
