package dev.trellis.wadm.manifest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.Labels;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One manifest per dialect, read into what it means. */
class GoodManifestTest {
    private static final Path FOLDER = Path.of("src", "test", "resources", "good");

    private static Manifest read(String file) throws IOException, InvalidManifestException {
        return ManifestReader.read(file, Files.readAllBytes(FOLDER.resolve(file)));
    }

    private static Manifest parse(String text) throws InvalidManifestException {
        return ManifestReader.read("wadm.yaml", text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void oam_metadata_isRead() throws Exception {
        Manifest shop = read("oam.yaml");

        assertThat(shop.version()).contains("v0.1.0");
        assertThat(shop.description()).contains("A shop at the edge");
        assertThat(shop.labels()).containsEntry("app.kubernetes.io/part-of", "demo");
        assertThat(shop.policies()).singleElement().satisfies(policy -> assertThat(policy.properties())
                .containsEntry("backend", "vault-kv"));
    }

    @Test
    void oam_spreads_keepOrderWeightsAndRequirements() throws Exception {
        var scaler = (SpreadScaler)
                read("oam.yaml").component("cart").orElseThrow().scalers().getFirst();

        assertThat(scaler.instances()).isEqualTo(10);
        assertThat(scaler.spreads())
                .containsExactly(
                        new Spread(
                                "edge",
                                new Labels(Map.of("site", "edge-1", "arch", "aarch64")),
                                80,
                                new Position(40, 17)),
                        new Spread("cloud", new Labels(Map.of("site", "cloud")), 100, new Position(45, 17)));
    }

    @Test
    void oam_componentConfigAndSecrets_areManagedOrReferences() throws Exception {
        var cart = (ActorComponent) read("oam.yaml").component("cart").orElseThrow();

        assertThat(cart.id()).isEqualTo(new EntityId("the-cart"));
        assertThat(cart.explicitId()).isTrue();
        assertThat(cart.config())
                .containsExactly(
                        new ConfigEntry(
                                "cart-settings",
                                "shop-cart-cart_settings",
                                Optional.of(Map.of("currency", "EUR", "limit", "100")),
                                new Position(23, 13)),
                        new ConfigEntry("shared-settings", "shared-settings", Optional.empty(), new Position(27, 13)));
        assertThat(cart.secrets())
                .containsExactly(new SecretEntry(
                        "api-key", "vault", "shop/api", Optional.of("token"), Optional.of("3"), new Position(29, 13)));
    }

    @Test
    void oam_link_hasConfigOfBothEnds() throws Exception {
        ManifestLink link = read("oam.yaml").links().getFirst();

        assertThat(link.toLink().key()).hasToString("the-cart -> wasi:keyvalue (carts)");
        assertThat(link.interfaces()).containsExactly("store", "atomics");
        assertThat(link.toLink().targetConfig()).containsExactly("shop-cart-redis-carts-target-redis_url");
        assertThat(link.toLink().sourceConfig()).containsExactly("shop-cart-redis-carts-source-bucket");
        assertThat(link.targetSecrets()).extracting(SecretEntry::name).containsExactly("redis-password");
    }

    @Test
    void oam_deprecatedSourceConfig_isReadWithWarning() throws Exception {
        Manifest shop = read("oam.yaml");
        ManifestLink link = shop.links().getLast();

        assertThat(link.sourceConfig()).singleElement().satisfies(config -> assertThat(config.values())
                .contains(Map.of("address", "0.0.0.0:8080")));
        assertThat(shop.warnings())
                .extracting(Problem::summary)
                .containsExactly("oam.yaml:87:13: warning: spec.components[1].traits[1].properties: "
                        + "'source_config' is deprecated; expected the same under 'source: config:'");
    }

    @Test
    void oam_daemonScaler_isRead() throws Exception {
        ManifestComponent http = read("oam.yaml").component("http").orElseThrow();

        assertThat(http.scalers()).singleElement().isInstanceOf(DaemonScaler.class);
    }

    @Test
    void legacy_linkdefs_inferContractAndName() throws Exception {
        assertThat(read("legacy.yaml").links())
                .extracting(link -> link.source() + " -> " + link.target() + " " + link.contract() + " " + link.name())
                .containsExactly(
                        "clinic -> http wasmcloud:httpserver public",
                        "clinic -> pets wasmcloud:keyvalue default",
                        "clinic -> sql wasmcloud:sqldb default",
                        "clinic -> clinic-ui trellis:actor default",
                        "pets -> clinic-ui wasmcloud:keyvalue default");
    }

    @Test
    void legacy_linkdefValues_goToTheCapabilitysEnd() throws Exception {
        List<ManifestLink> links = read("legacy.yaml").links();

        assertThat(links.getFirst().toLink().targetConfig()).containsExactly("petclinic-clinic-http-public-target");
        assertThat(links.getFirst().sourceConfig()).isEmpty();
        assertThat(links.getLast().toLink().sourceConfig()).containsExactly("petclinic-pets-clinic_ui-default-source");
        assertThat(links.getLast().targetConfig()).isEmpty();
    }

    @Test
    void legacy_configAsMapAndAsJsonString_isRead() throws Exception {
        Manifest petclinic = read("legacy.yaml");

        assertThat(petclinic.component("http").orElseThrow().config().getFirst().values())
                .contains(Map.of("readonly", "true", "PORT", "8080"));
        assertThat(petclinic.component("pets").orElseThrow().config().getFirst().values())
                .contains(Map.of("bucket", "pets", "history", "1"));
    }

    @Test
    void json_withTabs_isRead() throws Exception {
        Manifest json = read("json.json");

        assertThat(json.links()).singleElement().satisfies(link -> {
            assertThat(link.contract().value()).isEqualTo("acme:kv");
            assertThat(link.name().value()).isEqualTo("other");
        });
        assertThat(json.component("kv").orElseThrow().config().getFirst().values())
                .contains(Map.of("caf\u00e9", "\u2603"));
    }

    @Test
    void aliases_ofScalarsListsAndMappings_areWrittenOut() throws Exception {
        Manifest aliased = read("aliases.yaml");

        assertThat(aliased.components()).extracting(c -> c.image().value()).containsExactly("a.wasm", "a.wasm");
        assertThat(aliased.component("two").orElseThrow().config().getFirst().values())
                .contains(Map.of("GREETING", "hello: world", "TEXT", "two\nlines\n"));
    }

    @Test
    void actor_withoutScaler_isAcceptedWithWarning() throws Exception {
        Manifest manifest = parse("""
                apiVersion: core.oam.dev/v1beta1
                kind: Application
                metadata: {name: idle}
                spec:
                  components:
                    - name: a
                      type: actor
                      properties: {image: a.wasm}
                """);

        assertThat(manifest.components().getFirst().scalers()).isEmpty();
        assertThat(manifest.warnings()).extracting(Problem::format).containsExactly("""
                        wadm.yaml:6:7: warning: spec.components[0]: the actor has no scaler, so it will not be started; \
                        expected a trait 'spreadscaler' with 'instances'
                                - name: a
                                  ^""");
    }

    @Test
    void links_inACycle_areAccepted() throws Exception {
        Manifest manifest = parse("""
                apiVersion: core.oam.dev/v1beta1
                kind: Application
                metadata: {name: cycle}
                spec:
                  components:
                    - name: a
                      type: actor
                      properties: {image: a.wasm}
                      traits: [{type: linkdef, properties: {target: b}}]
                    - name: b
                      type: actor
                      properties: {image: b.wasm}
                      traits: [{type: linkdef, properties: {target: a}}]
                """);

        assertThat(manifest.links()).hasSize(2);
    }

    @Test
    void link_interfaceMistyped_isAcceptedWithWarning() throws Exception {
        Manifest manifest = parse(Files.readString(FOLDER.resolve("oam.yaml"))
                .replace("[store, atomics]", "[stroe]")
                .replace("package: http", "package: htp"));

        assertThat(manifest.warnings())
                .extracting(Problem::message)
                .contains(
                        "unknown interface 'wasi:keyvalue/stroe', did you mean 'store'?",
                        "unknown package 'wasi:htp', did you mean 'http'?");
    }

    @ParameterizedTest
    @ValueSource(strings = {"\r\n", "\r", "\n\n"})
    void lineBreaks_ofAnyKind_areRead(String lineBreak) throws Exception {
        String text = Files.readString(FOLDER.resolve("oam.yaml")).replace("\n", lineBreak);

        assertThat(parse("\uFEFF" + text).components()).hasSize(3);
    }
}
