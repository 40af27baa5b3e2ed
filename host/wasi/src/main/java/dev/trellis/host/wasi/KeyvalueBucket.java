package dev.trellis.host.wasi;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import dev.trellis.host.actor.GuestCall;
import dev.trellis.lattice.contracts.Contracts;
import dev.trellis.lattice.contracts.InvocationException;
import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.contracts.Payload;
import dev.trellis.lattice.contracts.keyvalue.Done;
import dev.trellis.lattice.contracts.keyvalue.Flag;
import dev.trellis.lattice.contracts.keyvalue.GetReply;
import dev.trellis.lattice.contracts.keyvalue.Key;
import dev.trellis.lattice.contracts.keyvalue.SetRequest;
import dev.trellis.lattice.model.LinkName;
import java.util.Optional;
import org.slf4j.event.Level;

/** A store that a guest has opened: the link that leads to it. */
record KeyvalueBucket(LinkName link) {
    static Key key(String key) {
        return Key.newBuilder().setKey(key).build();
    }

    Optional<byte[]> get(WasiCall call, String key) throws InterruptedException, KeyvalueException {
        GetReply reply = call(call, "Get", key(key), GetReply.class);
        return reply.getExists() ? Optional.of(reply.getValue().toByteArray()) : Optional.empty();
    }

    void set(WasiCall call, String key, byte[] value) throws InterruptedException, KeyvalueException {
        var request = SetRequest.newBuilder().setKey(key).setValue(ByteString.copyFrom(value));
        call(call, "Set", request.build(), Done.class);
    }

    void delete(WasiCall call, String key) throws InterruptedException, KeyvalueException {
        call(call, "Del", key(key), Flag.class);
    }

    /** Calls an operation of the contract over the link. */
    <T extends MessageLite> T call(WasiCall call, String operation, MessageLite request, Class<T> reply)
            throws InterruptedException, KeyvalueException {
        call.countHostCall();
        if (request.getSerializedSize() > call.limits().payloadBytesMax()) {
            throw new KeyvalueException(KeyvalueException.other("the request of " + request.getSerializedSize()
                    + " bytes is larger than " + call.limits().payloadBytesMax() + " (payload-bytes-max)"));
        }
        try {
            Payload answer = call.services()
                    .call(
                            call.parent(),
                            new GuestCall(
                                    link, Contracts.KEYVALUE.id().value(), operation, new Payload.Typed(request)));
            if (answer instanceof Payload.Typed(MessageLite message) && reply.isInstance(message)) {
                return reply.cast(message);
            }
            throw failed(
                    call,
                    new InvocationFailure.Malformed(
                            operation + " reply",
                            "a " + reply.getSimpleName() + " is expected of the link '" + link + "'"));
        } catch (InvocationException e) {
            throw failed(call, e.failure());
        }
    }

    private static KeyvalueException failed(WasiCall call, InvocationFailure failure) {
        call.remember(failure);
        if (failure instanceof InvocationFailure.NotLinked) {
            call.log(Level.WARN, "wasi:keyvalue: " + failure.describe()); // the guest's error has no room for it
            return new KeyvalueException(KeyvalueException.NO_SUCH_STORE);
        }
        return new KeyvalueException(KeyvalueException.other(failure.kind() + ": " + failure.describe()));
    }
}
