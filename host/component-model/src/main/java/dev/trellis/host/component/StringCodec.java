package dev.trellis.host.component;

import dev.trellis.host.engine.CoreMemory;
import dev.trellis.host.engine.GuestException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Strings, in the encoding that the guest's side has. In Java a String; of a lone surrogate in one, guests get a '?'. */
final class StringCodec extends Codec {
    static final StringCodec STRING = new StringCodec();

    private static final ValueLayout.OfChar UTF16 = ValueLayout.JAVA_CHAR_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** In a length of latin1+utf16: the string is UTF-16. */
    private static final int TAG = 1 << 31;

    /** An encoding as one string has it. */
    private enum Simple {
        UTF8,
        UTF16,
        LATIN1
    }

    private StringCodec() {
        super(PrimitiveType.STRING.layout());
    }

    @Override
    String lift(GuestSide from, long[] flat, int at) {
        return read(from, (int) flat[at], (int) flat[at + 1]);
    }

    @Override
    String load(GuestSide from, int address) {
        return read(from, from.memory().readInt(address), from.memory().readInt(address + 4));
    }

    @Override
    void lower(GuestSide to, @Nullable Object value, long[] flat, int at) throws InterruptedException {
        long placed = fromJava(to, text(value));
        flat[at] = placed & GuestSide.U32;
        flat[at + 1] = placed >>> Integer.SIZE;
    }

    @Override
    void store(GuestSide to, @Nullable Object value, int address) throws InterruptedException {
        put(to, fromJava(to, text(value)), address);
    }

    @Override
    void pass(GuestSide from, long[] flat, int at, GuestSide to, long[] out, int outAt) throws InterruptedException {
        long placed = fromGuest(from, (int) flat[at], (int) flat[at + 1], to);
        out[outAt] = placed & GuestSide.U32;
        out[outAt + 1] = placed >>> Integer.SIZE;
    }

    @Override
    void copy(GuestSide from, int address, GuestSide to, int toAddress) throws InterruptedException {
        put(to, fromGuest(from, from.memory().readInt(address), from.memory().readInt(address + 4), to), toAddress);
    }

    @Override
    String expected() {
        return "a String for string";
    }

    private String text(@Nullable Object value) {
        if (value instanceof String text) {
            return text;
        }
        throw refused(value);
    }

    private static void put(GuestSide to, long placed, int address) {
        to.memory().writeInt(address, (int) placed);
        to.memory().writeInt(address + 4, (int) (placed >>> Integer.SIZE));
    }

    /** Address below, tagged length above. */
    private static long placed(int address, int length) {
        return ((long) length << Integer.SIZE) | (address & GuestSide.U32);
    }

    // ---- reading

    private static Simple encoding(GuestSide side, int length) {
        return switch (side.encoding) {
            case UTF8 -> Simple.UTF8;
            case UTF16 -> Simple.UTF16;
            case LATIN1_OR_UTF16 -> (length & TAG) != 0 ? Simple.UTF16 : Simple.LATIN1;
        };
    }

    private static int units(GuestSide side, int length) {
        return side.encoding == Canon.StringEncoding.LATIN1_OR_UTF16 ? length & ~TAG : length;
    }

    private static String read(GuestSide from, int address, int length) {
        Simple encoding = encoding(from, length);
        int units = units(from, length);
        check(from, address, units, encoding);
        from.instance.lifted(2L * units);
        return read(from, address, units, encoding);
    }

    private static void check(GuestSide from, int address, int units, Simple encoding) {
        long bytes = GuestSide.bytes(units, encoding == Simple.UTF16 ? 2 : 1, "string");
        from.check(address, bytes, from.encoding == Canon.StringEncoding.UTF8 ? 1 : 2, "string");
    }

    private static String read(GuestSide from, int address, int units, Simple encoding) {
        CoreMemory memory = from.memory();
        return switch (encoding) {
            case UTF8 -> memory.readUtf8(address, units).orElseThrow(() -> malformed("utf-8", address, units));
            case LATIN1 -> new String(memory.read(address, units), StandardCharsets.ISO_8859_1);
            case UTF16 -> {
                char[] chars = new char[units];
                memory.readNumbers(address, chars, UTF16, units);
                if (!wellFormed(chars)) {
                    throw malformed("utf-16", address, units);
                }
                yield new String(chars);
            }
        };
    }

    private static GuestException malformed(String encoding, int address, int units) {
        return GuestException.trapped("invalid " + encoding + ": a string is well-formed, the one at "
                + Integer.toUnsignedString(address) + " with " + units + " code units has an invalid or incomplete "
                + encoding + " sequence");
    }

    private static boolean wellFormed(char[] chars) {
        for (int i = 0; i < chars.length; i++) {
            if (Character.isSurrogate(chars[i])) {
                if (!Character.isHighSurrogate(chars[i])
                        || i + 1 == chars.length
                        || !Character.isLowSurrogate(chars[i + 1])) {
                    return false;
                }
                i++;
            }
        }
        return true;
    }

    // ---- writing what is in Java: the best encoding is known beforehand, so one allocation is enough

    private static long fromJava(GuestSide to, String text) throws InterruptedException {
        return switch (to.encoding) {
            case UTF8 -> {
                byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
                int address = to.allocate(limited(bytes.length), 1);
                to.memory().write(address, bytes, 0, bytes.length);
                yield placed(address, bytes.length);
            }
            case UTF16 -> {
                int address = to.allocate(limited(2L * text.length()), 2);
                writeUtf16(to, text, 0, address);
                yield placed(address, text.length());
            }
            case LATIN1_OR_UTF16 -> {
                if (isLatin1(text)) {
                    int address = to.allocate(limited(text.length()), 2);
                    to.memory().writeLatin1(address, text);
                    yield placed(address, text.length());
                }
                int address = to.allocate(limited(2L * text.length()), 2);
                writeUtf16(to, text, 0, address);
                yield placed(address, text.length() | TAG);
            }
        };
    }

    private static long limited(long bytes) {
        if (bytes > GuestSide.BYTES_MAX) {
            throw new IllegalArgumentException(
                    "a string for a guest is at most " + GuestSide.BYTES_MAX + " bytes long, this one " + bytes);
        }
        return bytes;
    }

    private static void writeUtf16(GuestSide to, String text, int begin, int address) {
        char[] chars = text.substring(begin).toCharArray();
        for (int i = 0; i < chars.length; i++) {
            if (Character.isHighSurrogate(chars[i]) && i + 1 < chars.length && Character.isLowSurrogate(chars[i + 1])) {
                i++;
            } else if (Character.isSurrogate(chars[i])) {
                chars[i] = '?';
            }
        }
        to.memory().writeNumbers(address, chars, UTF16, chars.length);
    }

    private static boolean isLatin1(String text) {
        return firstWide(text) < 0;
    }

    private static int firstWide(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) > 0xff) {
                return i;
            }
        }
        return -1;
    }

    // ---- from guest to guest: guests see how their realloc is called, so the order of calls is the specification's

    private static long fromGuest(GuestSide from, int address, int length, GuestSide to) throws InterruptedException {
        Simple encoding = encoding(from, length);
        int units = units(from, length);
        check(from, address, units, encoding);
        if (encoding == Simple.UTF8 && to.encoding == Canon.StringEncoding.UTF8) {
            if (!from.memory().isUtf8(address, units)) {
                throw malformed("utf-8", address, units);
            }
            int copy = to.allocate(units, 1);
            from.memory().copyTo(to.memory(), address, copy, units);
            return placed(copy, units);
        }
        String text = read(from, address, units, encoding);
        return switch (to.encoding) {
            case UTF8 -> toUtf8(to, text, units, encoding == Simple.UTF16 ? 3L * units : 2L * units);
            case UTF16 -> encoding == Simple.UTF8 ? utf8ToUtf16(to, text, units) : copyUtf16(to, text);
            case LATIN1_OR_UTF16 -> {
                if (from.encoding != Canon.StringEncoding.LATIN1_OR_UTF16) {
                    yield toLatin1OrUtf16(to, text, units);
                }
                yield encoding == Simple.LATIN1 ? copyLatin1(to, text) : probablyUtf16(to, text);
            }
        };
    }

    private static long copyLatin1(GuestSide to, String text) throws InterruptedException {
        int address = to.allocate(text.length(), 2);
        to.memory().writeLatin1(address, text);
        return placed(address, text.length());
    }

    private static long copyUtf16(GuestSide to, String text) throws InterruptedException {
        int address = to.allocate(2L * text.length(), 2);
        writeUtf16(to, text, 0, address);
        return placed(address, text.length());
    }

    private static long toUtf8(GuestSide to, String text, int units, long worst) throws InterruptedException {
        int address = to.allocate(units, 1);
        int ascii = 0;
        while (ascii < text.length() && text.charAt(ascii) < 0x80) {
            ascii++;
        }
        to.memory().writeLatin1(address, text.substring(0, ascii));
        if (ascii == text.length()) {
            return placed(address, units);
        }
        address = to.reallocate(address, units, 1, worst);
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        to.memory().write(address + ascii, bytes, ascii, bytes.length - ascii);
        if (worst > bytes.length) {
            address = to.reallocate(address, worst, 1, bytes.length);
        }
        return placed(address, bytes.length);
    }

    private static long utf8ToUtf16(GuestSide to, String text, int units) throws InterruptedException {
        long worst = 2L * units;
        int address = to.allocate(worst, 2);
        writeUtf16(to, text, 0, address);
        long bytes = 2L * text.length();
        if (bytes < worst) {
            address = to.reallocate(address, worst, 2, bytes);
        }
        return placed(address, text.length());
    }

    private static long toLatin1OrUtf16(GuestSide to, String text, int units) throws InterruptedException {
        int address = to.allocate(units, 2);
        int wide = firstWide(text);
        if (wide < 0) {
            to.memory().writeLatin1(address, text);
            return text.length() < units
                    ? placed(to.reallocate(address, units, 2, text.length()), text.length())
                    : placed(address, text.length());
        }
        to.memory().writeLatin1(address, text.substring(0, wide));
        long worst = 2L * units;
        address = to.reallocate(address, units, 2, worst);
        // What is there already is widened in place, whatever realloc made of it.
        byte[] narrow = to.memory().read(address, wide);
        char[] widened = new char[wide];
        for (int i = 0; i < wide; i++) {
            widened[i] = (char) (narrow[i] & 0xff);
        }
        to.memory().writeNumbers(address, widened, UTF16, wide);
        writeUtf16(to, text, wide, address + 2 * wide);
        long bytes = 2L * text.length();
        if (worst > bytes) {
            address = to.reallocate(address, worst, 2, bytes);
        }
        return placed(address, text.length() | TAG);
    }

    private static long probablyUtf16(GuestSide to, String text) throws InterruptedException {
        long bytes = 2L * text.length();
        int address = to.allocate(bytes, 2);
        writeUtf16(to, text, 0, address);
        if (!isLatin1(text)) {
            return placed(address, text.length() | TAG);
        }
        to.memory().writeLatin1(address, text);
        return placed(to.reallocate(address, bytes, 1, text.length()), text.length());
    }
}
