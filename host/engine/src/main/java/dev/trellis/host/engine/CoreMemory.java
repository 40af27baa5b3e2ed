package dev.trellis.host.engine;

import java.lang.foreign.ValueLayout;
import java.util.Optional;

/**
 * A memory of a store, for the host: every access that is not wholly inside throws {@link GuestMemoryException} and changes
 * nothing. Numbers are little-endian. Belongs to the thread that uses the store.
 */
public final class CoreMemory implements CoreItem {
    private final GuestMemory memory;

    CoreMemory(GuestMemory memory) {
        this.memory = memory;
    }

    @Override
    public ExternalKind kind() {
        return ExternalKind.MEMORY;
    }

    GuestMemory memory() {
        return memory;
    }

    /** Its size now, in bytes. */
    public int size() {
        return memory.size();
    }

    public byte readByte(int address) {
        return memory.hostReadByte(address);
    }

    public short readShort(int address) {
        return memory.hostReadShort(address);
    }

    public int readInt(int address) {
        return memory.hostReadInt(address);
    }

    public long readLong(int address) {
        return memory.hostReadLong(address);
    }

    public void writeByte(int address, byte value) {
        memory.hostWriteByte(address, value);
    }

    public void writeShort(int address, short value) {
        memory.hostWriteShort(address, value);
    }

    public void writeInt(int address, int value) {
        memory.hostWriteInt(address, value);
    }

    public void writeLong(int address, long value) {
        memory.hostWriteLong(address, value);
    }

    /** A copy of {@code length} bytes at {@code address}. */
    public byte[] read(int address, int length) {
        return memory.hostRead(address, length);
    }

    /** Copies {@code length} bytes at {@code address} into {@code into} from {@code offset}. */
    public void read(int address, byte[] into, int offset, int length) {
        memory.hostRead(address, into, offset, length);
    }

    /** Copies {@code length} bytes of {@code from}, from {@code offset} on, to {@code address}. */
    public void write(int address, byte[] from, int offset, int length) {
        memory.hostWrite(address, from, offset, length);
    }

    /** Text of {@code length} bytes in UTF-8 at {@code address}; empty if they are not well-formed. */
    public Optional<String> readUtf8(int address, int length) {
        return Optional.ofNullable(memory.hostReadUtf8(address, length));
    }

    /** Whether {@code length} bytes at {@code address} are well-formed UTF-8. */
    public boolean isUtf8(int address, int length) {
        return memory.hostIsUtf8(address, length);
    }

    /** Writes text whose characters are all below U+0100, one byte each. */
    public void writeLatin1(int address, String text) {
        memory.hostWriteLatin1(address, text);
    }

    /**
     * Reads {@code count} numbers into an array of {@code layout}'s carrier.
     *
     * @param layout little-endian and without alignment
     */
    public void readNumbers(int address, Object array, ValueLayout layout, int count) {
        memory.hostReadNumbers(address, array, layout, count);
    }

    /** Writes all of an array of {@code layout}'s carrier; rules as of {@link #readNumbers}. */
    public void writeNumbers(int address, Object array, ValueLayout layout, int count) {
        memory.hostWriteNumbers(address, array, layout, count);
    }

    /** Copies {@code length} bytes at {@code address} to {@code toAddress} of {@code to}, without an array between. */
    public void copyTo(CoreMemory to, int address, int toAddress, int length) {
        memory.hostCopy(to.memory, address, toAddress, length);
    }
}
