package dev.trellis.providers.keyvalueredis;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.MaintNotificationsConfig;
import io.lettuce.core.RedisClient;
import io.lettuce.core.SocketOptions;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.codec.RedisCodec;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.metrics.CommandLatencyRecorder;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.DefaultClientResources;
import io.lettuce.core.resource.NettyCustomizer;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.timeout.IdleStateEvent;
import io.netty.handler.timeout.IdleStateHandler;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/*
 * Lettuce is told not to reconnect. With autoReconnect it keeps commands that were written but not answered and writes
 * them again on the next connection, which would count an Increment twice. Without, it is at-most-once: every command
 * in flight fails when its connection ends, and RedisConnection makes a new one.
 */
/** Opens connections to Redis, all on the same few threads of Netty. Safe for concurrent use. */
final class RedisConnector implements AutoCloseable {
    static final RedisCodec<String, byte[]> CODEC = RedisCodec.of(StringCodec.UTF8, ByteArrayCodec.INSTANCE);

    /** Longest wait for a socket, and again for TLS and login. */
    static final Duration CONNECT_MAX = Duration.ofSeconds(1);

    /** A connection on which nothing arrives for so long is given up; {@link RedisConnection} pings far more often. */
    static final Duration SILENCE_MAX = Duration.ofSeconds(3);

    private static final int IO_THREADS = 2; // the fewest that Lettuce takes
    private static final Duration SHUTDOWN_MAX = Duration.ofSeconds(1);

    private final ClientResources resources;
    private final RedisClient client;

    RedisConnector() {
        resources = DefaultClientResources.builder()
                .ioThreadPoolSize(IO_THREADS)
                .computationThreadPoolSize(IO_THREADS)
                .commandLatencyRecorder(CommandLatencyRecorder.disabled())
                .nettyCustomizer(new SilenceWatch())
                .build();
        client = RedisClient.create(resources);
        client.setOptions(ClientOptions.builder()
                .autoReconnect(false)
                .disconnectedBehavior(ClientOptions.DisconnectedBehavior.REJECT_COMMANDS)
                .maintNotificationsConfig(MaintNotificationsConfig.disabled())
                // never reached: RedisConnection admits fewer, with an error of ours
                .requestQueueSize(RedisConnection.PENDING_BYTES_MAX / RedisConnection.COMMAND_COST_BYTES + 64)
                .socketOptions(SocketOptions.builder()
                        .connectTimeout(CONNECT_MAX)
                        .keepAlive(true)
                        .tcpNoDelay(true)
                        .build())
                .build());
    }

    /** Begins a connection; it fails by itself after twice {@link #CONNECT_MAX} or a little more. */
    CompletableFuture<StatefulRedisConnection<String, byte[]>> connect(RedisAddress address) {
        return client.connectAsync(CODEC, address.toUri(CONNECT_MAX)).toCompletableFuture();
    }

    @Override
    public void close() {
        client.shutdown(Duration.ZERO, SHUTDOWN_MAX);
        // without a quiet period this ends at once; the threads are daemons, so nothing waits for them
        var _ = resources.shutdown(0, SHUTDOWN_MAX.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Ends every connection that has been silent for too long. */
    private static final class SilenceWatch implements NettyCustomizer {
        @Override
        public void afterChannelInitialized(Channel channel) {
            channel.pipeline().addFirst(new IdleStateHandler(SILENCE_MAX.toMillis(), 0, 0, TimeUnit.MILLISECONDS) {
                @Override
                protected void channelIdle(ChannelHandlerContext context, IdleStateEvent event) {
                    var _ = context.close();
                }
            });
        }
    }
}
