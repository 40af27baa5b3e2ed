package dev.trellis.cli;

/** Where images of a deployment go, so that every host of the lattice gets the very same bytes. */
@FunctionalInterface
interface ImageStore {
    /** Stores {@code image}, unless it is there, and returns its SHA-256 in lower-case hex. */
    String put(byte[] image) throws InterruptedException;
}
