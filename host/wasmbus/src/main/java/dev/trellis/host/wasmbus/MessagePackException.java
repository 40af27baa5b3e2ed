package dev.trellis.host.wasmbus;

/** Bytes are not the MessagePack that is expected. Without a stack trace: guests send what they like, and often. */
final class MessagePackException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    MessagePackException(String message) {
        super(message, null, false, false);
    }
}
