package dev.trellis.host.actor;

/** Told how one call of an actor goes, on the thread of the call. Must not block. */
public interface CallObserver {
    /** Nobody. */
    CallObserver NONE = new CallObserver() {
        @Override
        public void began(int requestBytes, boolean pooledInstance) {}

        @Override
        public void answered(int replyBytes) {}

        @Override
        public void broke() {}
    };

    /**
     * The guest begins to answer.
     *
     * @param requestBytes bytes that it is given
     * @param pooledInstance whether its instance has answered calls before
     */
    void began(int requestBytes, boolean pooledInstance);

    /** The guest has answered with so many bytes. */
    void answered(int replyBytes);

    /** The guest was ended, and its instance is thrown away. */
    void broke();
}
