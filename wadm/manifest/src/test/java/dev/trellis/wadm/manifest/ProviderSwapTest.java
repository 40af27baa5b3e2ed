package dev.trellis.wadm.manifest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.trellis.lattice.model.ImageRef;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class ProviderSwapTest {
    private static final Duration DRAIN = Duration.ofSeconds(7);

    private static final String SHOP = """
            apiVersion: core.oam.dev/v1beta1
            kind: Application
            metadata:
              name: shop
              annotations:
                version: v1
                description: 'a: "shop"'
            spec:
              components:
                - name: cart
                  type: actor
                  properties: {image: 'cart:1'}
                  traits:
                    - type: spreadscaler
                      properties: {replicas: 2}
                    - type: linkdef
                      properties:
                        target: redis
                        values: {URL: 'redis://:secret@one'}
                    - type: linkdef
                      properties: {target: http}
                - name: redis
                  type: capability
                  properties: {image: 'trellis:keyvalue-redis'}
                  traits:
                    - type: spreadscaler
                      properties:
                        instances: 2
                        spread: [{name: cloud, requirements: {site: cloud}}]
                - name: nats
                  type: capability
                  properties: {image: 'trellis:keyvalue-nats'}
                  traits:
                    - type: spreadscaler
                      properties: {instances: 0}
                - name: http
                  type: capability
                  properties:
                    image: ghcr.io/wasmcloud/httpserver:0.19.0
                    config: [{name: PORT, value: '8080'}]
            """;

    private static Manifest shop() throws InvalidManifestException {
        return ManifestReader.read("shop", SHOP.getBytes(StandardCharsets.UTF_8));
    }

    private static CapabilityComponent capability(Manifest manifest, String name) {
        return (CapabilityComponent) manifest.component(name).orElseThrow();
    }

    @Test
    void toComponent_linksPointToItAndItRunsAsTheOtherDid() throws Exception {
        Manifest swapped =
                ProviderSwap.toComponent(shop(), "redis", "nats", DRAIN).manifest();

        assertThat(swapped.links()).extracting(ManifestLink::target).containsExactly("nats", "http");
        assertThat(capability(swapped, "nats").scalers())
                .singleElement()
                .isInstanceOfSatisfying(SpreadScaler.class, scaler -> {
                    assertThat(scaler.instances()).isEqualTo(2);
                    assertThat(scaler.spreads()).singleElement().satisfies(spread -> assertThat(spread.name())
                            .isEqualTo("cloud"));
                });
        assertThat(capability(swapped, "redis").scalers())
                .singleElement()
                .isInstanceOfSatisfying(SpreadScaler.class, scaler -> assertThat(scaler.instances())
                        .isZero());
        assertThat(swapped.drain()).isEqualTo(DRAIN);
        assertThat(swapped.version()).isEmpty();
        assertThat(swapped.description()).hasValue("a: \"shop\"");
    }

    @Test
    void toComponent_ofAnotherKind_linkValuesBecomeTheConfigOfTheOldOne() throws Exception {
        ProviderSwap swap = ProviderSwap.toComponent(shop(), "redis", "nats", DRAIN);

        assertThat(swap.manifest().links().getFirst().targetConfig()).isEmpty();
        assertThat(capability(swap.manifest(), "redis").config())
                .singleElement()
                .satisfies(config -> assertThat(config.values()).hasValue(Map.of("URL", "redis://:secret@one")));
        assertThat(swap.notes())
                .singleElement()
                .satisfies(note -> assertThat(note).contains("URL").doesNotContain("secret"));
    }

    @Test
    void toComponent_thereAndBack_isServedAsBefore() throws Exception {
        Manifest there =
                ProviderSwap.toComponent(shop(), "redis", "nats", DRAIN).manifest();
        Manifest back = ProviderSwap.toComponent(there, "nats", "redis", DRAIN).manifest();

        assertThat(back.links()).extracting(ManifestLink::target).containsExactly("redis", "http");
        assertThat(capability(back, "redis").scalers().getFirst())
                .isInstanceOfSatisfying(SpreadScaler.class, scaler -> assertThat(scaler.instances())
                        .isEqualTo(2));
        assertThat(capability(back, "nats").scalers().getFirst())
                .isInstanceOfSatisfying(SpreadScaler.class, scaler -> assertThat(scaler.instances())
                        .isZero());
    }

    @Test
    void toComponent_servingAnotherContract_isRefused() throws Exception {
        Manifest shop = shop();
        assertThatExceptionOfType(InvalidManifestException.class)
                .isThrownBy(() -> ProviderSwap.toComponent(shop, "redis", "http", DRAIN))
                .withMessageContaining("a second link");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ProviderSwap.toComponent(shop, "redis", "cart", DRAIN))
                .withMessageContaining("no capability 'cart'; it has redis, nats, http");
    }

    @Test
    void toImage_keepsConfigAndAddsToIt() throws Exception {
        Manifest swapped = ProviderSwap.toImage(
                        shop(),
                        "http",
                        new ImageRef("ghcr.io/wasmcloud/httpserver:0.20.0"),
                        Map.of("timeout_ms", "500"),
                        DRAIN)
                .manifest();

        var http = capability(swapped, "http");
        assertThat(http.image().value()).isEqualTo("ghcr.io/wasmcloud/httpserver:0.20.0");
        assertThat(http.config()).singleElement().satisfies(config -> assertThat(config.values())
                .hasValue(Map.of("PORT", "8080", "timeout_ms", "500")));
        assertThat(swapped.links()).hasSize(2);
    }
}
