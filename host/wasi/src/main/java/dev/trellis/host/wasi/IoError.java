package dev.trellis.host.wasi;

/**
 * What a guest owns as {@code wasi:io/error.error}.
 *
 * @param message for the guest's log; holds nothing that the guest may not know
 * @param cause what packages find again that give errors of their own for it, such as {@code http-error-code}; or this
 *     message again
 */
record IoError(String message, Object cause) {
    static IoError of(String message) {
        return new IoError(message, message);
    }
}
