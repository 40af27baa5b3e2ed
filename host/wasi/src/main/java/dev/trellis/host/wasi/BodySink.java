package dev.trellis.host.wasi;

import com.google.protobuf.ByteString;
import dev.trellis.lattice.contracts.http.Header;
import java.util.List;

/**
 * Where a body goes while a call runs. Never blocks; used by the guest's thread. Every method throws
 * {@link dev.trellis.lattice.contracts.InvocationException} if the other side is gone.
 */
interface BodySink {
    /** How many bytes {@link #write} takes now. */
    int writable();

    void write(ByteString part);

    /** The body is whole. */
    void end(List<Header> trailers);

    /** The body will never be whole. */
    void abort(String why);
}
