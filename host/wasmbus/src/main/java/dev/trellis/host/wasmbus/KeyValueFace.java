package dev.trellis.host.wasmbus;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import dev.trellis.host.wasmbus.MessagePackReader.FieldNames;
import dev.trellis.host.wasmbus.MessagePackReader.Fields;
import dev.trellis.lattice.contracts.keyvalue.Count;
import dev.trellis.lattice.contracts.keyvalue.Flag;
import dev.trellis.lattice.contracts.keyvalue.GetReply;
import dev.trellis.lattice.contracts.keyvalue.IncrementRequest;
import dev.trellis.lattice.contracts.keyvalue.Key;
import dev.trellis.lattice.contracts.keyvalue.Keys;
import dev.trellis.lattice.contracts.keyvalue.Member;
import dev.trellis.lattice.contracts.keyvalue.Number;
import dev.trellis.lattice.contracts.keyvalue.Range;
import dev.trellis.lattice.contracts.keyvalue.SetRequest;
import dev.trellis.lattice.contracts.keyvalue.Values;

/**
 * {@code wasmcloud:keyvalue} as classic actors see it: their requests, the store's replies.
 *
 * <p>Values are text to the guest and bytes to the contract. A guest's text is stored as its UTF-8; a stored value that is
 * not UTF-8, or a number beyond 32 bits, cannot be told to the guest: that call fails, and what is stored stays whole.
 */
final class KeyValueFace {
    /** Operation names begin with it on the guest's side. */
    static final String SERVICE = "KeyValue.";

    /** Keys of one request; more are an error. */
    static final int KEYS_MAX = 65_536;

    private static final FieldNames INCREMENT = new FieldNames("key", "value");
    private static final FieldNames LIST_MEMBER = new FieldNames("listName", "value");
    private static final FieldNames SET_MEMBER = new FieldNames("setName", "value");
    private static final FieldNames LIST_RANGE = new FieldNames("listName", "start", "stop");
    private static final FieldNames SET = new FieldNames("key", "value", "expires");

    private static final byte[] VALUE = Literals.string("value");
    private static final byte[] EXISTS = Literals.string("exists");

    private KeyValueFace() {}

    /**
     * The request that the guest makes.
     *
     * @param operation its name in the contract's table, such as {@code Get}
     * @throws MessagePackException if it is not the request of that operation
     */
    static MessageLite decode(String operation, GuestBytes request) {
        var in = new MessagePackReader(request);
        MessageLite message =
                switch (operation) {
                    case "Contains", "Del", "Get", "ListClear", "SetQuery", "SetClear" ->
                        Key.newBuilder().setKeyBytes(in.text()).build();
                    case "SetIntersection", "SetUnion" -> keys(in);
                    case "ListAdd", "ListDel" -> member(in, LIST_MEMBER);
                    case "SetAdd", "SetDel" -> member(in, SET_MEMBER);
                    case "ListRange" -> range(in);
                    case "Increment" -> increment(in);
                    case "Set" -> set(in);
                    default -> throw new IllegalArgumentException("operation '" + operation + "' is not of key-value");
                };
        in.end();
        return message;
    }

    /**
     * The reply for the guest.
     *
     * @throws MessagePackException if the guest's interface cannot say it
     */
    static GuestBytes encode(MessageLite reply) {
        return switch (reply) {
            case GetReply get -> encode(get);
            case Number number -> encode(number.getValue());
            case Count count -> integer(Integer.toUnsignedLong(count.getCount()));
            case Flag flag -> {
                var out = new MessagePackWriter(1);
                out.bool(flag.getValue());
                yield out.finish();
            }
            case Values values -> encode(values);
            default -> GuestBytes.EMPTY;
        };
    }

    private static GuestBytes encode(GetReply reply) {
        ByteString value = reply.getValue();
        checkText(value);
        var out = new MessagePackWriter(24 + value.size());
        out.mapHeader(2);
        out.raw(VALUE);
        out.string(value);
        out.raw(EXISTS);
        out.bool(reply.getExists());
        return out.finish();
    }

    private static GuestBytes encode(long number) {
        if (number != (int) number) {
            throw new MessagePackException("number " + number + " is beyond the 32 bits that classic actors read");
        }
        return integer(number);
    }

    private static GuestBytes integer(long value) {
        var out = new MessagePackWriter(9);
        out.integer(value);
        return out.finish();
    }

    private static GuestBytes encode(Values reply) {
        int count = reply.getValuesCount();
        long capacity = 5;
        for (int i = 0; i < count; i++) {
            capacity += 5 + reply.getValues(i).size();
        }
        var out = new MessagePackWriter(Math.toIntExact(capacity));
        out.arrayHeader(count);
        for (int i = 0; i < count; i++) {
            ByteString value = reply.getValues(i);
            checkText(value);
            out.string(value);
        }
        return out.finish();
    }

    private static void checkText(ByteString value) {
        if (!value.isValidUtf8()) {
            throw new MessagePackException(
                    "stored value of " + value.size() + " bytes is not UTF-8; classic actors read values as text");
        }
    }

    private static MessageLite keys(MessagePackReader in) {
        int size = in.arraySize();
        if (size > KEYS_MAX) {
            throw new MessagePackException("must have at most " + KEYS_MAX + " keys, has " + size);
        }
        var keys = Keys.newBuilder();
        for (int i = 0; i < size; i++) {
            keys.addKeysBytes(in.text());
        }
        return keys.build();
    }

    private static MessageLite member(MessagePackReader in, FieldNames names) {
        var member = Member.newBuilder();
        Fields fields = in.fields(names);
        for (int field; (field = fields.next()) != Fields.END; ) {
            switch (field) {
                case 0 -> member.setKeyBytes(in.text());
                default -> member.setValue(in.text());
            }
        }
        return member.build();
    }

    private static MessageLite range(MessagePackReader in) {
        var range = Range.newBuilder();
        Fields fields = in.fields(LIST_RANGE);
        for (int field; (field = fields.next()) != Fields.END; ) {
            switch (field) {
                case 0 -> range.setKeyBytes(in.text());
                case 1 -> range.setStart(int32(in));
                default -> range.setStop(int32(in));
            }
        }
        return range.build();
    }

    private static MessageLite increment(MessagePackReader in) {
        var increment = IncrementRequest.newBuilder();
        Fields fields = in.fields(INCREMENT);
        for (int field; (field = fields.next()) != Fields.END; ) {
            switch (field) {
                case 0 -> increment.setKeyBytes(in.text());
                default -> increment.setDelta(int32(in));
            }
        }
        return increment.build();
    }

    private static MessageLite set(MessagePackReader in) {
        var set = SetRequest.newBuilder();
        Fields fields = in.fields(SET);
        for (int field; (field = fields.next()) != Fields.END; ) {
            switch (field) {
                case 0 -> set.setKeyBytes(in.text());
                case 1 -> set.setValue(in.text());
                default -> set.setExpiresSeconds((int) in.integer(0, 0xffff_ffffL));
            }
        }
        return set.build();
    }

    private static int int32(MessagePackReader in) {
        return (int) in.integer(Integer.MIN_VALUE, Integer.MAX_VALUE);
    }
}
