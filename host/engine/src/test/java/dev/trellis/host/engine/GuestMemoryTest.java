package dev.trellis.host.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.dylibso.chicory.runtime.Memory;
import com.dylibso.chicory.runtime.WasmRuntimeException;
import com.dylibso.chicory.wasm.types.MemoryLimits;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The memory against a plain array that does the same. */
class GuestMemoryTest {
    private static final int PAGES = 2;
    private static final int PAGES_MAX = 6;
    private static final int STEPS = 40_000;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void randomAccesses_growthAndRestores_equalAPlainArray(long seed) {
        var random = new SplittableRandom(seed);
        var memory = new GuestMemory(new MemoryLimits(PAGES, PAGES_MAX), new PageBudget(PAGES_MAX), null);
        var model = new Model();
        for (int step = 0; step < 200; step++) {
            access(random, memory, model);
        }
        GuestMemory.Image image = memory.takeImage();
        byte[] fresh = model.bytes.clone();
        var second = new GuestMemory(new MemoryLimits(PAGES, PAGES_MAX), new PageBudget(PAGES_MAX), image);
        for (int step = 0; step < STEPS; step++) {
            access(random, memory, model);
            if (random.nextInt(50) == 0) {
                assertThat(memory.readBytes(0, model.bytes.length)).isEqualTo(model.bytes);
                memory.restore(image);
                model.bytes = fresh.clone();
            }
        }
        memory.restore(image);
        assertThat(memory.readBytes(0, fresh.length)).isEqualTo(fresh);
        assertThat(memory.pages()).isEqualTo(fresh.length / Memory.PAGE_SIZE);
        assertThat(second.readBytes(0, fresh.length))
                .as("another memory of the image")
                .isEqualTo(fresh);
    }

    @Test
    void accessAcrossTheEnd_isRefusedAndChangesNothing() {
        var memory = new GuestMemory(new MemoryLimits(1, 1), new PageBudget(1), null);
        int end = Memory.PAGE_SIZE;
        assertThatThrownBy(() -> memory.writeLong(end - 7, -1)).isInstanceOf(WasmRuntimeException.class);
        assertThatThrownBy(() -> memory.writeI32(end - 3, -1)).isInstanceOf(WasmRuntimeException.class);
        assertThatThrownBy(() -> memory.writeShort(end - 1, (short) -1)).isInstanceOf(WasmRuntimeException.class);
        assertThatThrownBy(() -> memory.writeByte(end, (byte) -1)).isInstanceOf(WasmRuntimeException.class);
        assertThatThrownBy(() -> memory.readLong(-8)).isInstanceOf(WasmRuntimeException.class);
        assertThatThrownBy(() -> memory.readInt(Integer.MIN_VALUE)).isInstanceOf(WasmRuntimeException.class);
        assertThatThrownBy(() -> memory.fill((byte) 1, end - 1, end + 1)).isInstanceOf(WasmRuntimeException.class);
        assertThatThrownBy(() -> memory.copy(end - 4, 0, 5)).isInstanceOf(WasmRuntimeException.class);
        assertThat(memory.readBytes(0, end)).isEqualTo(new byte[end]);
    }

    @Test
    void imageOfAMemory_keepsWhatOneOfItsMemoriesWrites() {
        var first = new GuestMemory(new MemoryLimits(1, 1), new PageBudget(1), null);
        first.writeI32(10, 7);
        GuestMemory.Image image = first.takeImage();
        var second = new GuestMemory(new MemoryLimits(1, 1), new PageBudget(1), image);
        first.writeI32(10, 8);
        second.writeI32(10, 9);
        assertThat(new GuestMemory(new MemoryLimits(1, 1), new PageBudget(1), image).readInt(10))
                .isEqualTo(7);
        assertThat(first.readInt(10)).isEqualTo(8);
    }

    private static final class Model {
        byte[] bytes = new byte[PAGES * Memory.PAGE_SIZE];

        ByteBuffer at(int address) {
            return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).position(address);
        }
    }

    private static void access(SplittableRandom random, GuestMemory memory, Model model) {
        int size = model.bytes.length;
        // Half of all addresses are near the end of a block.
        int address = random.nextBoolean()
                ? random.nextInt(size - 8)
                : Math.clamp(
                        random.nextInt(1, size >> GuestMemory.BLOCK_SHIFT) * (long) GuestMemory.BLOCK_BYTES
                                - random.nextInt(9),
                        0,
                        size - 8);
        long value = random.nextLong();
        switch (random.nextInt(12)) {
            case 0 -> {
                memory.writeByte(address, (byte) value);
                model.at(address).put((byte) value);
            }
            case 1 -> {
                memory.writeShort(address, (short) value);
                model.at(address).putShort((short) value);
            }
            case 2, 3 -> {
                memory.writeI32(address, (int) value);
                model.at(address).putInt((int) value);
            }
            case 4 -> {
                memory.writeLong(address, value);
                model.at(address).putLong(value);
            }
            case 5 -> {
                int end = Math.min(size, address + random.nextInt(10_000));
                memory.fill((byte) value, address, end);
                Arrays.fill(model.bytes, address, end, (byte) value);
            }
            case 6 -> {
                int length = Math.min(random.nextInt(10_000), size - address);
                int from = Math.clamp(address + random.nextLong(-5_000, 5_000), 0, size - length);
                memory.copy(address, from, length);
                System.arraycopy(model.bytes, from, model.bytes, address, length);
            }
            case 7 -> {
                byte[] data = new byte[Math.min(random.nextInt(9_000), size - address)];
                Arrays.fill(data, (byte) value);
                memory.hostWrite(address, data, 0, data.length);
                System.arraycopy(data, 0, model.bytes, address, data.length);
            }
            case 8 ->
                assertThat(memory.readInt(address)).isEqualTo(model.at(address).getInt());
            case 9 ->
                assertThat(memory.readLong(address)).isEqualTo(model.at(address).getLong());
            case 10 ->
                assertThat(memory.readShort(address))
                        .isEqualTo(model.at(address).getShort());
            default -> {
                if (random.nextInt(20) == 0) {
                    int before = memory.pages();
                    int by = random.nextInt(3);
                    int expected = before + by > PAGES_MAX ? -1 : before;
                    assertThat(memory.grow(by)).isEqualTo(expected);
                    if (expected >= 0) {
                        model.bytes = Arrays.copyOf(model.bytes, (before + by) * Memory.PAGE_SIZE);
                    }
                }
            }
        }
    }
}
