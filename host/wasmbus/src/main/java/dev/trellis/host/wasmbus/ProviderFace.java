package dev.trellis.host.wasmbus;

import com.google.protobuf.MessageLite;
import dev.trellis.lattice.contracts.Contract;
import dev.trellis.lattice.contracts.Contracts;
import java.util.Optional;
import java.util.Set;

/** The contracts that classic actors call providers by: how they name its operations, and the MessagePack they speak. */
enum ProviderFace {
    KEYVALUE(Contracts.KEYVALUE, KeyValueFace.SERVICE, KeyValueFace::decode, KeyValueFace::encode),
    HTTP_CLIENT(Contracts.HTTP_CLIENT, HttpClientFace.SERVICE, HttpClientFace::decode, HttpClientFace::encode);

    /** Reads a request; throws {@link MessagePackException} if it is not one of that operation. */
    interface Decoder {
        MessageLite decode(String method, GuestBytes request);
    }

    /** Writes a reply; throws {@link MessagePackException} if the guest's interface cannot say it. */
    interface Encoder {
        GuestBytes encode(MessageLite reply);
    }

    /** Operations that the contracts have since; the interfaces of classic actors have no messages for them. */
    private static final Set<String> UNKNOWN_TO_GUESTS = Set.of("ListKeys", "CompareAndSet");

    private static final ProviderFace[] ALL = values();

    private final Contract contract;
    private final String service;
    private final Decoder decoder;
    private final Encoder encoder;

    /** @param service what operation names begin with on the guest's side, with the dot */
    ProviderFace(Contract contract, String service, Decoder decoder, Encoder encoder) {
        this.contract = contract;
        this.service = service;
        this.decoder = decoder;
        this.encoder = encoder;
    }

    /** The face of {@code contract}; empty if classic actors cannot call providers by it. */
    static Optional<ProviderFace> of(Contract contract) {
        for (ProviderFace face : ALL) {
            if (face.contract.id().equals(contract.id())) {
                return Optional.of(face);
            }
        }
        return Optional.empty();
    }

    Contract contract() {
        return contract;
    }

    /** The contract's name of the operation that the guest calls {@code operation}; empty if there is none. */
    Optional<String> method(String operation) {
        if (!operation.startsWith(service)) {
            return Optional.empty();
        }
        String method = operation.substring(service.length());
        return contract.operations().containsKey(method) && !UNKNOWN_TO_GUESTS.contains(method)
                ? Optional.of(method)
                : Optional.empty();
    }

    MessageLite decode(String method, GuestBytes request) {
        return decoder.decode(method, request);
    }

    GuestBytes encode(MessageLite reply) {
        return encoder.encode(reply);
    }
}
