package dev.trellis.lattice.contracts;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;

/**
 * One operation of a contract.
 *
 * @param name its name in the contract's {@code .proto} service, such as {@code Get}
 * @param idempotent whether calling it twice is as good as once; only then may a lost call be sent again
 */
public record Operation(
        String name,
        Parser<? extends MessageLite> requestParser,
        Parser<? extends MessageLite> replyParser,
        boolean idempotent) {
    /**
     * Reads a request that came from another host.
     *
     * @throws InvocationException with {@link InvocationFailure.Malformed} if the bytes are no such message
     */
    public Payload parseRequest(ByteString bytes) {
        return parse(requestParser, bytes, "request");
    }

    /**
     * Reads a reply that came from another host.
     *
     * @throws InvocationException with {@link InvocationFailure.Malformed} if the bytes are no such message
     */
    public Payload parseReply(ByteString bytes) {
        return parse(replyParser, bytes, "reply");
    }

    private Payload parse(Parser<? extends MessageLite> parser, ByteString bytes, String what) {
        try {
            return new Payload.Typed(parser.parseFrom(bytes));
        } catch (InvalidProtocolBufferException e) {
            throw new InvocationException(new InvocationFailure.Malformed(
                    name + " " + what, "not the message of its contract: " + e.getMessage()));
        }
    }
}
