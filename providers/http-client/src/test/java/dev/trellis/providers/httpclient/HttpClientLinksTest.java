package dev.trellis.providers.httpclient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.trellis.lattice.contracts.InvocationFailure;
import dev.trellis.lattice.model.ProviderKind;
import dev.trellis.providers.sdk.LinkRejectedException;
import dev.trellis.providers.sdk.ProviderFactory;
import dev.trellis.providers.sdk.ProviderLink;
import dev.trellis.providers.sdk.ProviderStartException;
import java.time.Duration;
import java.util.Map;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HttpClientLinksTest {
    private static final String OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi";

    @Test
    void factory_isFoundByServiceLoader() {
        assertThat(ServiceLoader.load(ProviderFactory.class).stream()
                        .map(ServiceLoader.Provider::get)
                        .filter(factory -> factory.kind() == ProviderKind.HTTP_CLIENT))
                .hasSize(1);
    }

    @Test
    void linkPut_withoutAllow_isRefusedWithWhatToWrite() throws Exception {
        try (var provider = TestClient.provider(TestClient.NO_NAMES, Map.of())) {
            for (Map<String, String> config : java.util.List.of(Map.<String, String>of(), Map.of("allow", " , "))) {
                assertThatExceptionOfType(LinkRejectedException.class)
                        .isThrownBy(() -> provider.linkPut(TestClient.link(1, config)))
                        .withMessageContaining("allow is not set, so no request could go out")
                        .withMessageContaining("allow: \"https://api.example.com");
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "allow, https://a.example/x, must end after host and port",
        "alow, https://a.example, unknown setting 'alow'; known are allow",
        "timeout_ms, 0, timeout_ms must be a whole number from 1 to 3600000",
        "connect_timeout_ms, 30001, connect_timeout_ms must be",
        "max_request_bytes, -1, max_request_bytes must be",
        "max_response_bytes, 16777217, max_response_bytes must be",
        "max_header_bytes, 1023, max_header_bytes must be",
        "max_redirects, 11, max_redirects must be",
        "max_requests, 0, max_requests must be",
        "ca_certs, nonsense, ca_certs",
        "ssl_certs_file, /x, write the certificates themselves",
    })
    void linkPut_settingsThatCannotWork_areRefused(String key, String value, String expectation) throws Exception {
        try (var provider = TestClient.provider(TestClient.NO_NAMES, Map.of("allow", "https://ok.example"))) {
            assertThatExceptionOfType(LinkRejectedException.class)
                    .isThrownBy(() -> provider.linkPut(TestClient.link(1, Map.of(key, value))))
                    .withMessageContaining(expectation)
                    .withMessageContaining("caller");
        }
        if (!key.equals("allow")) {
            assertThatExceptionOfType(ProviderStartException.class)
                    .isThrownBy(() -> TestClient.provider(TestClient.NO_NAMES, Map.of(key, value)))
                    .withMessageContaining(expectation);
        }
    }

    @Test
    void settings_ofTheLink_winOverThoseOfTheProvider() {
        var own = HttpClientSettings.of(
                dev.trellis.providers.sdk.Settings.of(
                        Map.of("MAX_REDIRECTS", "1", "timeout_ms", "7", "allow", "http://a.b")),
                HttpClientSettings.DEFAULTS);
        var settings = HttpClientSettings.of(
                dev.trellis.providers.sdk.Settings.of(Map.of("max_redirects", "2", "allow", "http://c.d")), own);

        assertThat(settings.maxRedirects()).isEqualTo(2);
        assertThat(settings.timeout()).isEqualTo(Duration.ofMillis(7));
        assertThat(settings.allow()).hasToString("http://c.d");
        assertThat(settings.maxResponseBytes()).isEqualTo(4 << 20);
    }

    @Test
    void linkPut_newerGeneration_countsFromTheNextRequest() throws Exception {
        try (var server = RawServer.answering(OK);
                var client = TestClient.allowing(server.origin())) {
            assertThat(client.get(server.origin()).getStatus()).isEqualTo(200);
            client.provider.linkPut(TestClient.link(3, Map.of("allow", "https://other.example")));
            client.provider.linkPut(TestClient.link(2, Map.of("allow", server.origin())));

            assertThat(client.failure(server.origin())).isInstanceOf(InvocationFailure.NotLinked.class);
        }
    }

    @Test
    void linkDelete_requestsAfterwards_areNotLinked() throws Exception {
        try (var server = RawServer.answering(OK);
                var client = TestClient.allowing(server.origin())) {
            client.provider.linkDelete(client.link.link().key());
            client.provider.linkDelete(client.link.link().key());

            assertThat(client.failure(server.origin())).isInstanceOf(InvocationFailure.NotLinked.class);
            assertThat(client.provider.health().healthy()).isTrue();
        }
    }

    @Test
    void close_requestInProgress_finishesAndLaterOnesDoNotBegin() throws Exception {
        var answer = new java.util.concurrent.CountDownLatch(1);
        try (var server = RawServer.start(peer -> {
            peer.readHead();
            answer.await();
            peer.write(OK);
        })) {
            var client = TestClient.allowing(server.origin());
            try (var calls = java.util.concurrent.Executors.newVirtualThreadPerTaskExecutor()) {
                var call = calls.submit(() -> client.get(server.origin()).getStatus());
                TestClient.await("the request is out", () -> !server.heads.isEmpty());
                var closing = calls.submit(client::close);
                TestClient.await("closed", () -> !client.provider.health().healthy());
                answer.countDown();

                assertThat(call.get()).isEqualTo(200);
                closing.get();
                assertThat(client.failure(server.origin())).isInstanceOf(InvocationFailure.Unavailable.class);
            }
        }
    }

    @Test
    void linkPut_contractOfAnother_isRefused() throws Exception {
        try (var provider = TestClient.provider(TestClient.NO_NAMES, Map.of())) {
            var good = TestClient.link(1, Map.of("allow", "https://a.example"));
            var link = good.link();
            var other = new ProviderLink(
                    new dev.trellis.lattice.model.Link(
                            link.source(),
                            link.target(),
                            link.name(),
                            dev.trellis.lattice.contracts.Contracts.KEYVALUE.id(),
                            link.interfaces(),
                            link.sourceConfig(),
                            link.targetConfig()),
                    good.provider(),
                    good.config(),
                    1);

            assertThatExceptionOfType(LinkRejectedException.class)
                    .isThrownBy(() -> provider.linkPut(other))
                    .withMessageContaining("takes links of wasmcloud:httpclient only");
        }
    }
}
