package dev.trellis.host.wasmbus;

import dev.trellis.host.wasmbus.MessagePackReader.FieldNames;
import dev.trellis.host.wasmbus.MessagePackReader.Fields;
import java.util.UUID;
import java.util.random.RandomGenerator;
import org.slf4j.event.Level;

/** {@code wasmcloud:builtin:logging} and {@code wasmcloud:builtin:numbergen}: what a host answers itself, without a link. */
final class BuiltinFace {
    /** Contracts of the host itself begin with it. */
    static final String NAMESPACE = "wasmcloud:builtin:";

    static final String WRITE_LOG = "Logging.WriteLog";
    static final String GENERATE_GUID = "NumberGen.GenerateGuid";
    static final String RANDOM_IN_RANGE = "NumberGen.RandomInRange";
    static final String RANDOM_32 = "NumberGen.Random32";

    private static final long U32_MAX = 0xffff_ffffL;
    private static final FieldNames LOG_ENTRY = new FieldNames("level", "text");
    private static final FieldNames RANGE_LIMIT = new FieldNames("min", "max");

    private BuiltinFace() {}

    record LogEntry(Level level, String text) {}

    /** @throws MessagePackException if it is no {@code LogEntry} */
    static LogEntry decodeLogEntry(GuestBytes request) {
        var in = new MessagePackReader(request);
        String level = "";
        String text = "";
        Fields fields = in.fields(LOG_ENTRY);
        for (int field; (field = fields.next()) != Fields.END; ) {
            switch (field) {
                case 0 -> level = in.string();
                default -> text = in.string();
            }
        }
        in.end();
        return new LogEntry(level(level), text);
    }

    /** A level that is unknown is an error: it must not be overlooked. */
    private static Level level(String name) {
        return switch (name) {
            case "trace" -> Level.TRACE;
            case "debug" -> Level.DEBUG;
            case "info" -> Level.INFO;
            case "warn" -> Level.WARN;
            default -> Level.ERROR;
        };
    }

    static GuestBytes generateGuid(RandomGenerator random) {
        long high = (random.nextLong() & ~0xf000L) | 0x4000L; // version 4
        long low = (random.nextLong() & ~(0b11L << 62)) | (0b10L << 62); // variant of RFC 9562
        var out = new MessagePackWriter(40);
        out.string(new UUID(high, low).toString());
        return out.finish();
    }

    static GuestBytes random32(RandomGenerator random) {
        return integer(Integer.toUnsignedLong(random.nextInt()));
    }

    /** @throws MessagePackException if it is no {@code RangeLimit}, or no number is in the range */
    static GuestBytes randomInRange(GuestBytes request, RandomGenerator random) {
        var in = new MessagePackReader(request);
        long min = 0;
        long max = 0;
        Fields fields = in.fields(RANGE_LIMIT);
        for (int field; (field = fields.next()) != Fields.END; ) {
            switch (field) {
                case 0 -> min = in.integer(0, U32_MAX);
                default -> max = in.integer(0, U32_MAX);
            }
        }
        in.end();
        if (min > max) {
            throw new MessagePackException("min " + min + " must be at most max " + max);
        }
        return integer(random.nextLong(min, max + 1));
    }

    private static GuestBytes integer(long value) {
        var out = new MessagePackWriter(9);
        out.integer(value);
        return out.finish();
    }
}
