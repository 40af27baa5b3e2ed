package dev.trellis.host.component;

import dev.trellis.host.engine.CoreMemory;
import dev.trellis.host.engine.GuestException;
import org.jspecify.annotations.Nullable;

/** Types of one core value that need nothing but it. */
abstract class NumberCodec extends Codec {
    NumberCodec(PrimitiveType type) {
        super(type.layout());
    }

    NumberCodec(Layout layout) {
        super(layout);
    }

    /** The value in the core value or bytes {@code bits}, as the core value that stands for it. */
    abstract long checked(long bits);

    /** @param bits as {@link #checked} gives them */
    abstract Object box(long bits);

    abstract long unbox(@Nullable Object value);

    @Override
    final Object lift(GuestSide from, long[] flat, int at) {
        return box(checked(flat[at]));
    }

    @Override
    final void lower(GuestSide to, @Nullable Object value, long[] flat, int at) {
        flat[at] = unbox(value);
    }

    @Override
    final Object load(GuestSide from, int address) {
        return box(checked(read(from.memory(), address)));
    }

    @Override
    final void store(GuestSide to, @Nullable Object value, int address) {
        write(to.memory(), address, unbox(value));
    }

    @Override
    final void pass(GuestSide from, long[] flat, int at, GuestSide to, long[] out, int outAt) {
        out[outAt] = checked(flat[at]);
    }

    @Override
    final void copy(GuestSide from, int address, GuestSide to, int toAddress) {
        write(to.memory(), toAddress, checked(read(from.memory(), address)));
    }

    private long read(CoreMemory memory, int address) {
        return switch (size) {
            case 1 -> memory.readByte(address) & 0xff;
            case 2 -> memory.readShort(address) & 0xffff;
            case 4 -> memory.readInt(address) & GuestSide.U32;
            default -> memory.readLong(address);
        };
    }

    private void write(CoreMemory memory, int address, long bits) {
        switch (size) {
            case 1 -> memory.writeByte(address, (byte) bits);
            case 2 -> memory.writeShort(address, (short) bits);
            case 4 -> memory.writeInt(address, (int) bits);
            default -> memory.writeLong(address, bits);
        }
    }

    static NumberCodec of(PrimitiveType type) {
        return switch (type) {
            case BOOL -> new Bool();
            case S8 -> new Whole(type, 8, true);
            case U8 -> new Whole(type, 8, false);
            case S16 -> new Whole(type, 16, true);
            case U16 -> new Whole(type, 16, false);
            case S32 -> new Whole(type, 32, true);
            case U32 -> new Whole(type, 32, false);
            case S64, U64 -> new Whole(type, 64, true);
            case F32 -> new Float32();
            case F64 -> new Float64();
            case CHAR -> new Char();
            case STRING, ERROR_CONTEXT -> throw new IllegalArgumentException(type + " is not a number");
        };
    }

    private static final class Bool extends NumberCodec {
        Bool() {
            super(PrimitiveType.BOOL);
        }

        @Override
        long checked(long bits) {
            return (int) bits == 0 ? 0 : 1;
        }

        @Override
        Object box(long bits) {
            return bits != 0;
        }

        @Override
        long unbox(@Nullable Object value) {
            if (value instanceof Boolean known) {
                return known ? 1 : 0;
            }
            throw refused(value);
        }

        @Override
        String expected() {
            return "a Boolean for bool";
        }
    }

    /** Integers. Those that fit are Integers in Java, the others Longs; 64 unsigned bits are the bits of a Long. */
    private static final class Whole extends NumberCodec {
        private final PrimitiveType type;
        private final int shift;
        private final boolean signed;
        private final boolean small;

        Whole(PrimitiveType type, int bits, boolean signed) {
            super(type);
            this.type = type;
            this.shift = Long.SIZE - bits;
            this.signed = signed;
            this.small = bits < 32 || (bits == 32 && signed);
        }

        private long value(long bits) {
            return signed ? bits << shift >> shift : bits << shift >>> shift;
        }

        private long core(long value) {
            return shift == 0 ? value : value & GuestSide.U32;
        }

        @Override
        long checked(long bits) {
            return core(value(bits));
        }

        @Override
        Object box(long bits) {
            return small ? (Object) (int) bits : (Object) bits;
        }

        @Override
        long unbox(@Nullable Object value) {
            if (value instanceof Integer || value instanceof Long || value instanceof Short || value instanceof Byte) {
                long number = ((Number) value).longValue();
                if (number == value(number)) {
                    return core(number);
                }
            }
            throw refused(value);
        }

        @Override
        boolean plain() {
            return true;
        }

        @Override
        String expected() {
            return (small ? "an Integer" : "a Long") + " in the range of " + type;
        }
    }

    private static final class Float32 extends NumberCodec {
        Float32() {
            super(PrimitiveType.F32);
        }

        @Override
        long checked(long bits) {
            return Float.floatToIntBits(Float.intBitsToFloat((int) bits)) & GuestSide.U32;
        }

        @Override
        Object box(long bits) {
            return Float.intBitsToFloat((int) bits);
        }

        @Override
        long unbox(@Nullable Object value) {
            if (value instanceof Float known) {
                return Float.floatToIntBits(known) & GuestSide.U32;
            }
            throw refused(value);
        }

        @Override
        boolean plain() {
            return true;
        }

        @Override
        String expected() {
            return "a Float for f32";
        }
    }

    private static final class Float64 extends NumberCodec {
        Float64() {
            super(PrimitiveType.F64);
        }

        @Override
        long checked(long bits) {
            return Double.doubleToLongBits(Double.longBitsToDouble(bits));
        }

        @Override
        Object box(long bits) {
            return Double.longBitsToDouble(bits);
        }

        @Override
        long unbox(@Nullable Object value) {
            if (value instanceof Double known) {
                return Double.doubleToLongBits(known);
            }
            throw refused(value);
        }

        @Override
        boolean plain() {
            return true;
        }

        @Override
        String expected() {
            return "a Double for f64";
        }
    }

    /** A Unicode scalar value; an Integer in Java. */
    private static final class Char extends NumberCodec {
        Char() {
            super(PrimitiveType.CHAR);
        }

        private static boolean valid(long code) {
            return (code >= 0 && code < 0xd800) || (code > 0xdfff && code < 0x11_0000);
        }

        @Override
        long checked(long bits) {
            long code = bits & GuestSide.U32;
            if (!valid(code)) {
                throw GuestException.trapped("invalid `char` bit pattern: 0x" + Long.toHexString(code));
            }
            return code;
        }

        @Override
        Object box(long bits) {
            return (int) bits;
        }

        @Override
        long unbox(@Nullable Object value) {
            if (value instanceof Integer code && valid(code)) {
                return code;
            }
            throw refused(value);
        }

        @Override
        String expected() {
            return "an Integer that is a Unicode scalar value, for char";
        }
    }

    /** Flag number {@code n} of the type is bit {@code n} of a Long in Java. */
    static final class Flags extends NumberCodec {
        private final long mask;

        Flags(Layout layout, int labels) {
            super(layout);
            this.mask = (1L << labels) - 1;
        }

        @Override
        long checked(long bits) {
            return bits & mask;
        }

        @Override
        Object box(long bits) {
            return bits;
        }

        @Override
        long unbox(@Nullable Object value) {
            if (value instanceof Long bits && (bits & ~mask) == 0) {
                return bits;
            }
            throw refused(value);
        }

        @Override
        String expected() {
            return "a Long with no bits but " + Long.toBinaryString(mask) + ", for flags";
        }
    }
}
