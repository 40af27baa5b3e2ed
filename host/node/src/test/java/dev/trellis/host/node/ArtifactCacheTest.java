package dev.trellis.host.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.trellis.lattice.transport.Digest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ArtifactCacheTest {
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

    @TempDir
    private Path directory;

    @Test
    void get_damagedFile_isEmptyAndItIsDeleted() throws Exception {
        var cache = new ArtifactCache(directory, 100, Clock.systemUTC());
        byte[] bytes = {1, 2, 3};
        Digest digest = Digest.of(bytes);
        cache.put(digest, bytes);
        assertThat(cache.get(digest))
                .hasValueSatisfying(kept -> assertThat(kept).isEqualTo(bytes));

        Files.write(directory.resolve(digest.hex()), new byte[] {1, 2});

        assertThat(cache.get(digest)).isEmpty();
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void put_beyondTheBound_whatWasNotUsedForLongestGoes() throws Exception {
        byte[][] artifacts = {new byte[40], new byte[41], new byte[42]};
        var cache = new ArtifactCache(directory, 100, Clock.fixed(NOW.plus(Duration.ofHours(1)), ZoneOffset.UTC));
        for (int i = 0; i < 2; i++) {
            Digest digest = Digest.of(artifacts[i]);
            cache.put(digest, artifacts[i]);
            Files.setLastModifiedTime(
                    directory.resolve(digest.hex()), java.nio.file.attribute.FileTime.from(NOW.plusSeconds(i)));
        }
        assertThat(cache.get(Digest.of(artifacts[0]))).isPresent(); // used last now

        cache.put(Digest.of(artifacts[2]), artifacts[2]);

        assertThat(cache.get(Digest.of(artifacts[0]))).isPresent();
        assertThat(cache.get(Digest.of(artifacts[1]))).isEmpty();
        assertThat(cache.get(Digest.of(artifacts[2]))).isPresent();
    }
}
