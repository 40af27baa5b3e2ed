package dev.trellis.providers.httpserver;

import java.time.Duration;

/**
 * How long a slow peer is waited for.
 *
 * @param head from the first byte of a request (or the accepted connection) to the end of its headers; then 408
 * @param keepAlive without a next request on a connection; then it is closed
 * @param bodyIdle without a byte of an unfinished body; then 408
 * @param body for the whole body, plus one second per {@link #BODY_BYTES_PER_SECOND_MIN} received; then 408
 * @param writeStall for a client that takes nothing of its answer; then the connection is closed
 * @param linger after an early refusal, for the client to read the answer before the connection is closed
 * @param close for requests in progress when a listener closes
 * @param bind for a taken port to come free
 */
record Timeouts(
        Duration head,
        Duration keepAlive,
        Duration bodyIdle,
        Duration body,
        Duration writeStall,
        Duration linger,
        Duration close,
        Duration bind) {
    /** A slower upload than this is held to be an attack. */
    static final int BODY_BYTES_PER_SECOND_MIN = 1024;

    static final Timeouts DEFAULTS = new Timeouts(
            Duration.ofSeconds(10),
            Duration.ofSeconds(60),
            Duration.ofSeconds(10),
            Duration.ofSeconds(20),
            Duration.ofSeconds(30),
            Duration.ofSeconds(1),
            Duration.ofSeconds(3),
            Duration.ofSeconds(2));
}
