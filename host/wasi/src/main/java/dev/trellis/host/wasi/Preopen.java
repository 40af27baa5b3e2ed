package dev.trellis.host.wasi;

/**
 * A directory that a guest finds open when it starts.
 *
 * @param guestPath the guest's name for it
 * @param writable whether anything in it may be changed
 */
record Preopen(FileHandle directory, String guestPath, boolean writable) {}
