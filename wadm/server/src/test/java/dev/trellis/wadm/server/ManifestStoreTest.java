package dev.trellis.wadm.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.trellis.wadm.core.Ownership;
import dev.trellis.wadm.manifest.Manifest;
import dev.trellis.wadm.manifest.ManifestReader;
import dev.trellis.wadm.server.CatalogRecord.Head;
import dev.trellis.wadm.server.CatalogRecord.ManifestText;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ManifestStoreTest {
    @TempDir
    Path directory;

    @SuppressWarnings("NullAway.Init") // set before each test
    private ManifestStore store;

    private int named;

    @BeforeEach
    void open() throws Exception {
        store = ManifestStore.open(directory, () -> "auto" + ++named);
        store.startTerm(5);
    }

    @AfterEach
    void close() {
        store.close();
    }

    private void reopen(long compactionBytes) throws Exception {
        store.close();
        store = ManifestStore.open(directory, () -> "auto" + ++named, compactionBytes);
        store.startTerm(6);
    }

    private static Manifest manifest(String name, String version, String id) throws Exception {
        String text = """
                apiVersion: core.oam.dev/v1beta1
                kind: Application
                metadata:
                  name: %s
                  annotations:
                    description: x
                %s
                spec:
                  components:
                    - name: a
                      type: actor
                      properties:
                        image: a:1
                %s
                """.formatted(
                name, version.isEmpty() ? "" : "    version: " + version, id.isEmpty() ? "" : "        id: " + id);
        return ManifestReader.read("test", text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void put_noVersion_assignsOne() throws Exception {
        assertThat(store.put(manifest("app", "", "")).currentVersion()).isEqualTo("auto1");
        assertThat(store.put(manifest("app", "", "")).result()).isEqualTo("newversion");
    }

    @Test
    void put_moreVersionsThanKept_dropsTheOldestThatIsNotDeployed() throws Exception {
        store.put(manifest("app", "v0", ""));
        store.deploy("app", null);
        for (int i = 1; i <= ManifestStore.VERSIONS_MAX; i++) {
            store.put(manifest("app", "v" + i, ""));
        }
        var versions = store.application("app").orElseThrow().versions().stream()
                .map(ManifestText::version)
                .toList();
        assertThat(versions)
                .hasSize(ManifestStore.VERSIONS_MAX)
                .startsWith("v0", "v2")
                .endsWith("v100");
        assertThat(store.deploy("app", "v2").version()).isEqualTo("v2");
    }

    @Test
    void deploy_idOfAnotherDeployedApplication_isRefused() throws Exception {
        store.put(manifest("one", "v1", "shared"));
        store.put(manifest("two", "v1", "shared"));
        store.deploy("one", null);
        assertThatExceptionOfType(ManifestStore.RefusedException.class)
                .isThrownBy(() -> store.deploy("two", null))
                .withMessageContaining("id shared of component a is taken by application one");
    }

    @Test
    void reopen_afterManyChanges_isAsBefore() throws Exception {
        for (int i = 0; i < 20; i++) {
            store.put(manifest("app" + i % 3, "v" + i, ""));
            store.deploy("app" + i % 3, null);
        }
        store.undeploy("app1");
        store.delete("app2", null);
        var before = store.catalog().applications();
        long size = Files.size(directory.resolve(Journal.FILE_NAME));
        reopen(1);
        assertThat(store.catalog().applications()).isEqualTo(before);
        store.deploy("app0", "v0");
        assertThat(Files.size(directory.resolve(Journal.FILE_NAME)))
                .as("compacted")
                .isLessThan(size);
        var after = store.catalog().applications();
        reopen(1);
        assertThat(store.catalog().applications()).isEqualTo(after);
    }

    @Test
    void delete_thenPutTheSameVersion_isNew() throws Exception {
        store.put(manifest("app", "v1", ""));
        store.delete("app", null);
        assertThat(store.catalog().find("app")).isEmpty();
        assertThat(store.catalog().known()).containsExactly(Ownership.none("app"));
        assertThat(store.put(manifest("app", "v1", "")).result()).isEqualTo("created");
    }

    @Test
    void adopt_laterTerm_takesTheCopy_earlierDoesNot() throws Exception {
        store.put(manifest("app", "v1", ""));
        var mine = store.application("app").orElseThrow();
        var text =
                new ManifestText("app", 2, "v2", "", mine.versions().getFirst().text());
        var older = new Head("app", new Stamp(4, 99), 2, List.of(2L), 2L, List.of(), List.of());
        assertThat(store.adopt(older, List.of(text))).isFalse();
        var newer = new Head("app", new Stamp(6, 1), 2, List.of(2L), 2L, List.of(), List.of());
        assertThat(store.adopt(newer, List.of())).as("text missing").isFalse();
        assertThat(store.adopt(newer, List.of(text))).isTrue();
        assertThat(store.application("app").orElseThrow().deployed()).contains(text);
    }

    @Test
    void deployed_notReadableAnyMore_isLeftAlone() throws Exception {
        var text = new ManifestText("app", 1, "v1", "", "kind: FromTheFuture");
        store.adopt(new Head("app", new Stamp(6, 1), 1, List.of(1L), 1L, List.of(), List.of()), List.of(text));
        assertThat(store.catalog().deployments()).isEmpty();
        assertThat(store.catalog().known()).as("nothing of it may be removed").isEmpty();
        assertThat(store.application("app").orElseThrow().unreadable()).contains("v1 cannot be read");
    }
}
