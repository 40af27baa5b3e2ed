package dev.trellis.host.engine;

/**
 * An address range that the host was asked to read or write is not inside the guest's memory. When the range came from
 * the guest, let it pass: the call then fails with it.
 */
public final class GuestMemoryException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    GuestMemoryException(int address, int length, long memoryBytes) {
        super(
                "guest memory range " + Integer.toUnsignedLong(address) + " + " + Integer.toUnsignedLong(length)
                        + " is outside its " + memoryBytes + " bytes",
                null,
                true,
                false);
    }
}
