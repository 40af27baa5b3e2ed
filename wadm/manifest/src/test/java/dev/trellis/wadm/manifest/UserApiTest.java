package dev.trellis.wadm.manifest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.ImageRef;
import dev.trellis.lattice.model.LinkName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The application that must deploy as it stands. */
class UserApiTest {
    private static final Path FOLDER = Path.of(System.getProperty("trellis.root"), "manifests", "user-api");

    private static Manifest read(String file) throws IOException, InvalidManifestException {
        return ManifestReader.read(file, Files.readAllBytes(FOLDER.resolve(file)));
    }

    @Test
    void userApi_asInTheIssue_readsCompletely() throws Exception {
        Manifest manifest = read("wadm.yaml");

        assertThat(manifest.name()).isEqualTo("user-api");
        assertThat(manifest.version()).isEmpty();
        assertThat(manifest.warnings()).isEmpty();
        assertThat(manifest.components())
                .extracting(ManifestComponent::name)
                .containsExactly("user-actor", "httpserver", "keyvalue-redis");
        var actor = (ActorComponent) manifest.component("user-actor").orElseThrow();
        assertThat(actor.id()).isEqualTo(new EntityId("user_api-user_actor"));
        assertThat(actor.image()).isEqualTo(new ImageRef("ghcr.io/myorg/user-actor:1.0.0"));
        assertThat(actor.imagePosition()).isEqualTo(new Position(10, 16));
        assertThat(actor.scalers()).singleElement().satisfies(scaler -> {
            assertThat(scaler).isInstanceOf(SpreadScaler.class);
            assertThat(scaler.instances()).isEqualTo(3);
            assertThat(scaler.spreads()).extracting(Spread::name).containsExactly("default");
        });
    }

    @Test
    void userApi_linkdefs_haveContractAndValues() throws Exception {
        List<ManifestLink> links = read("wadm.yaml").links();

        assertThat(links)
                .extracting(link -> link.contract().value())
                .containsExactly("wasmcloud:httpserver", "wasmcloud:keyvalue");
        ManifestLink redis = links.get(1);
        assertThat(redis.sourceId()).isEqualTo(new EntityId("user_api-user_actor"));
        assertThat(redis.targetId()).isEqualTo(new EntityId("user_api-keyvalue_redis"));
        assertThat(redis.name()).isEqualTo(LinkName.DEFAULT);
        assertThat(redis.position()).isEqualTo(new Position(20, 21));
        assertThat(redis.targetConfig())
                .containsExactly(new ConfigEntry(
                        "config",
                        "user_api-user_actor-keyvalue_redis-default-target",
                        Optional.of(Map.of("URL", "redis://localhost:6379")),
                        new Position(22, 15)));
        assertThat(redis.sourceConfig()).isEmpty();
    }

    @Test
    void userApi_capability_hasConfigAndOneInstance() throws Exception {
        var http =
                (CapabilityComponent) read("wadm.yaml").component("httpserver").orElseThrow();

        assertThat(http.config()).singleElement().satisfies(config -> {
            assertThat(config.key()).isEqualTo("user_api-httpserver-config");
            assertThat(config.values()).contains(Map.of("PORT", "8080"));
        });
        assertThat(http.scalers()).extracting(ManifestScaler::instances).containsExactly(1);
    }

    @Test
    void demo_keyvalueNats_keepsNameAndActor() throws Exception {
        Manifest demo = read("demo.wadm.yaml");
        Manifest original = read("wadm.yaml");

        assertThat(demo.name()).isEqualTo(original.name());
        assertThat(demo.component("user-actor").orElseThrow().image())
                .isEqualTo(original.component("user-actor").orElseThrow().image());
        assertThat(demo.links()).extracting(link -> link.contract().value()).contains("wasmcloud:keyvalue");
    }

    @Test
    void source_bytes_areTheOnesRead() throws Exception {
        assertThat(read("wadm.yaml").source().bytes()).isEqualTo(Files.readAllBytes(FOLDER.resolve("wadm.yaml")));
    }

    @Test
    void toString_config_hidesValues() throws Exception {
        assertThat(read("wadm.yaml").toString()).doesNotContain("redis://localhost");
    }
}
