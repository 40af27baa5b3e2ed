package dev.trellis.host.wasi;

/** The standard streams of one call. The guest may ask for each as often as it likes, and gets the same. */
interface Stdio {
    GuestInput in();

    GuestOutput out();

    GuestOutput err();

    /** The guest has ended. */
    void end();
}
