package dev.trellis.host.wasi;

import com.google.protobuf.ByteString;
import dev.trellis.lattice.contracts.http.Header;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Where a body comes from while a call runs, after what came with its head. Never blocks. Used by the guest's thread. */
interface BodySource {
    /** No more comes. */
    BodySource NOTHING = new BodySource() {
        @Override
        public boolean readable() {
            return true;
        }

        @Override
        public @Nullable ByteString read(int max) {
            return null;
        }

        @Override
        public List<Header> trailers() {
            return List.of();
        }

        @Override
        public void giveUp() {}
    };

    /** Whether {@link #read} has something to say. */
    boolean readable();

    /**
     * Takes the next bytes.
     *
     * @return at most {@code max} bytes; empty if none have come yet; null at the end
     * @throws dev.trellis.lattice.contracts.InvocationException if no more will come
     */
    @Nullable
    ByteString read(int max);

    /** Empty before the end. */
    List<Header> trailers();

    /** Nobody will read on. */
    void giveUp();
}
