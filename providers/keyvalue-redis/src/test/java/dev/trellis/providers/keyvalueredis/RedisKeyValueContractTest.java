package dev.trellis.providers.keyvalueredis;

import dev.trellis.providers.sdk.KeyValueCalls;
import dev.trellis.providers.sdk.KeyValueContractTest;
import dev.trellis.providers.sdk.RedisServer;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

final class RedisKeyValueContractTest extends KeyValueContractTest {
    private static RedisServer redis;
    private static KeyValueCalls calls;

    @BeforeAll
    static void start() throws Exception {
        redis = RedisServer.start();
        var provider = new RedisKeyValueProvider(KeyValueCalls.PROVIDER, Optional.empty());
        var link = KeyValueCalls.link("default", Map.of("URL", redis.url()));
        provider.linkPut(link);
        calls = new KeyValueCalls(provider, link);
    }

    @AfterAll
    static void stop() {
        calls.provider().close();
        redis.close();
    }

    @Override
    protected KeyValueCalls calls() {
        return calls;
    }
}
