package dev.trellis.providers.keyvalueredis;

import com.google.protobuf.ByteString;
import dev.trellis.lattice.contracts.keyvalue.Values;
import io.lettuce.core.codec.RedisCodec;
import io.lettuce.core.output.CommandOutput;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Collects the values of a reply up to a number of bytes and drops the rest, so that a list which an actor has grown
 * without end cannot fill the host's memory.
 */
final class BoundedValuesOutput extends CommandOutput<String, byte[], Values.Builder> {
    /** What a value costs besides its bytes: its header on the wire, its objects here. */
    private static final int VALUE_COST_BYTES = 16;

    private final long bytesMax;
    private long bytes;

    BoundedValuesOutput(RedisCodec<String, byte[]> codec, long bytesMax) {
        super(codec, Values.newBuilder());
        this.bytesMax = bytesMax;
    }

    @Override
    public void set(@Nullable ByteBuffer value) {
        if (value == null) {
            return;
        }
        bytes += value.remaining() + VALUE_COST_BYTES;
        if (bytes <= bytesMax) {
            output.addValues(ByteString.copyFrom(value));
        }
    }

    /** Whether all values are there. */
    boolean complete() {
        return bytes <= bytesMax;
    }

    /** Size of the whole reply. */
    long bytes() {
        return bytes;
    }
}
