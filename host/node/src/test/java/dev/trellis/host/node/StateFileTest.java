package dev.trellis.host.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.trellis.host.node.SavedHost.SavedActor;
import dev.trellis.host.node.SavedHost.SavedLink;
import dev.trellis.host.node.SavedHost.SavedProvider;
import dev.trellis.lattice.model.ControlRequests.LinkMessage;
import dev.trellis.lattice.model.HostScheduling;
import dev.trellis.lattice.model.LatticeName;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StateFileTest {
    private static final String NAME = "state.json";
    private static final SavedHost HOST = new SavedHost(
            HostScheduling.CORDONED,
            List.of(new SavedActor(
                    "app-echo",
                    "ghcr.io/acme/echo:1",
                    3,
                    Map.of("a", "b"),
                    Map.of("max_execution_time", "9"),
                    List.of("cfg"))),
            List.of(new SavedProvider("app-store", "trellis:keyvalue-nats", List.of("cfg"), Map.of("c", "d"))),
            List.of(new SavedLink(
                    new LinkMessage(
                            "app-echo",
                            "app-store",
                            "default",
                            "wasmcloud",
                            "keyvalue",
                            List.of(),
                            List.of(),
                            List.of("cfg")),
                    42)),
            Map.of("cfg", Map.of("PASSWORD", "secret")));

    @TempDir
    private Path directory;

    @Test
    void load_whatWasSaved_isTheSame_andOnlyItsOwnerMayReadIt() throws Exception {
        new StateFile(directory, LatticeName.DEFAULT).save(HOST);

        assertThat(new StateFile(directory, LatticeName.DEFAULT).load()).isEqualTo(HOST);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory.resolve(NAME))))
                .isEqualTo("rw-------");
        assertThat(HOST.toString()).doesNotContain("secret");
    }

    @Test
    void load_asMemberOfAnotherLattice_isNothing() throws Exception {
        new StateFile(directory, LatticeName.DEFAULT).save(HOST);

        assertThat(new StateFile(directory, new LatticeName("other")).load()).isEqualTo(SavedHost.NOTHING);
    }

    @Test
    void load_nothingThere_isNothing() {
        assertThat(new StateFile(directory, LatticeName.DEFAULT).load()).isEqualTo(SavedHost.NOTHING);
    }

    @Test
    void load_cutShortChangedOrOfAnotherKind_isNothing_andTheFileIsKeptAside() throws Exception {
        var state = new StateFile(directory, LatticeName.DEFAULT);
        state.save(HOST);
        Path file = directory.resolve(NAME);
        byte[] good = Files.readAllBytes(file);
        byte[] changed = good.clone();
        changed[good.length - 20] ^= 1;
        for (byte[] bad : List.of(
                Arrays.copyOf(good, good.length - 1),
                Arrays.copyOf(good, 30),
                new byte[0],
                changed,
                "{}".getBytes(StandardCharsets.UTF_8))) {
            Files.write(file, bad);

            assertThat(state.load()).isEqualTo(SavedHost.NOTHING);
            assertThat(file).doesNotExist();
            assertThat(directory.resolve(NAME + ".damaged")).hasBinaryContent(bad);
        }
    }

    @Test
    void save_again_replacesTheWhole() throws Exception {
        var state = new StateFile(directory, LatticeName.DEFAULT);
        state.save(HOST);
        state.save(SavedHost.NOTHING);

        assertThat(state.load()).isEqualTo(SavedHost.NOTHING);
    }
}
