package dev.trellis.lattice.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.trellis.lattice.model.LatticeName;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ArtifactStoreTest {
    private final InProcessLattice lattice = new InProcessLattice();

    @SuppressWarnings("NullAway.Init")
    private KeyValueStore store;

    @SuppressWarnings("NullAway.Init")
    private ArtifactStore artifacts;

    @BeforeEach
    void open() throws Exception {
        store = lattice.join().store("TRELLIS_ARTIFACTS_default");
        artifacts = ArtifactStore.open(lattice.join(), LatticeName.DEFAULT);
    }

    @AfterEach
    void close() {
        lattice.close();
    }

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 524_287, 524_288, 524_289, 1_048_576, 3_000_000})
    void put_anySize_getReturnsIt(int length) throws Exception {
        byte[] bytes = random(length);

        Digest digest = artifacts.put(bytes);

        assertThat(artifacts.get(digest.hex()))
                .hasValueSatisfying(got -> assertThat(got).isEqualTo(bytes));
        assertThat(artifacts.put(bytes)).isEqualTo(digest);
    }

    @Test
    void put_sameBytesAgain_writesNothing() throws Exception {
        artifacts.put(random(600_000));
        long before = store.put("marker", new byte[0]);

        artifacts.put(random(600_000));

        assertThat(store.put("marker", new byte[0])).isEqualTo(before + 1);
    }

    @Test
    void put_tooLarge_isRefused() {
        LatticeTransportContract.failure(
                TransportFailure.PayloadTooLarge.class,
                () -> artifacts.put(new byte[ArtifactStore.ARTIFACT_BYTES_MAX + 1]));
        assertThat(store).satisfies(empty -> assertThat(empty.keys()).isEmpty());
    }

    @Test
    void get_unknownDigest_isEmpty() throws Exception {
        assertThat(artifacts.get(Digest.of(new byte[] {1}).hex())).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "abc", "sha256:00", "ZZ", "0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF"
            })
    void get_noDigest_isRefused(String digest) {
        assertThatIllegalArgumentException().isThrownBy(() -> artifacts.get(digest));
    }

    @Test
    void get_chunkDamaged_isEmptyUntilPutAgain() throws Exception {
        byte[] bytes = random(600_000);
        Digest digest = artifacts.put(bytes);
        store.put(digest.hex() + ".0", new byte[ArtifactStore.CHUNK_BYTES]);

        assertThat(artifacts.get(digest.hex())).isEmpty();

        artifacts.put(bytes);
        assertThat(artifacts.get(digest.hex())).isPresent();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "v1", "v1 600000 1", "v1 600000 9999", "v1 999999999 1908", "v2 600000 2", "v1 -1 0"})
    void get_manifestLies_isEmpty(String manifest) throws Exception {
        Digest digest = artifacts.put(random(600_000));

        store.put(digest.hex(), LatticeTransportContract.bytes(manifest));

        assertThat(artifacts.get(digest.hex())).isEmpty();
    }

    @Test
    void delete_artifact_leavesNothing() throws Exception {
        Digest digest = artifacts.put(random(1_200_000));

        artifacts.delete(digest);
        artifacts.delete(digest);

        assertThat(artifacts.get(digest.hex())).isEmpty();
        assertThat(store.keys()).isEmpty();
    }
}
