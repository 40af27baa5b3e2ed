package dev.trellis.lattice.transport;

import java.util.Map;

/** A message as it was received. Header names are case-sensitive; of a repeated header the first value counts. */
@SuppressWarnings("ArrayRecordComponent") // messages are handed on, never compared
public record Message(String subject, Map<String, String> headers, byte[] payload) {
    public Message {
        headers = Map.copyOf(headers);
    }
}
