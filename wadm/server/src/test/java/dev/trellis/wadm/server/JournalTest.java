package dev.trellis.wadm.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class JournalTest {
    @TempDir
    Path directory;

    private Path file;

    @BeforeEach
    void write() throws Exception {
        file = directory.resolve(Journal.FILE_NAME);
        try (var journal = Journal.open(directory).journal()) {
            journal.append(List.of(bytes("one")));
            journal.append(List.of(bytes("two"), bytes("three")));
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private List<String> read() throws Exception {
        var opened = Journal.open(directory);
        try (var _ = opened.journal()) {
            return opened.contents().stream()
                    .map(content -> new String(content, StandardCharsets.UTF_8))
                    .toList();
        }
    }

    @Test
    void open_whole_givesAllInOrder() throws Exception {
        assertThat(read()).containsExactly("one", "two", "three");
    }

    @Test
    void open_cutAnywhereInTheLastRecord_cutsItAndKeepsItsBytesAside() throws Exception {
        byte[] whole = Files.readAllBytes(file);
        for (int length = whole.length - 24; length < whole.length; length++) {
            Files.write(file, Arrays.copyOf(whole, length));
            assertThat(read()).as("cut to %d of %d bytes", length, whole.length).containsExactly("one", "two");
            assertThat(Files.size(file)).isEqualTo(whole.length - 25);
        }
        assertThat(directory.resolve(Journal.FILE_NAME + ".torn-" + (whole.length - 25)))
                .exists();
    }

    @Test
    void append_afterATornTail_goesOnBehindTheLastWholeRecord() throws Exception {
        Files.write(file, Arrays.copyOf(Files.readAllBytes(file), (int) Files.size(file) - 3));
        try (var journal = Journal.open(directory).journal()) {
            journal.append(List.of(bytes("four")));
        }
        assertThat(read()).containsExactly("one", "two", "four");
    }

    @Test
    void open_anyByteOfAnEarlierRecordChanged_isRefusedAndLeavesTheFile() throws Exception {
        byte[] whole = Files.readAllBytes(file);
        var random = new Random(7);
        for (int i = 0; i < whole.length - 25; i++) {
            byte[] damaged = whole.clone();
            damaged[i] ^= (byte) (1 + random.nextInt(255));
            Files.write(file, damaged);
            assertThatExceptionOfType(WadmStartException.class)
                    .as("byte %d", i)
                    .isThrownBy(this::read)
                    .withMessageContaining("is damaged")
                    .withMessageContaining("Restore the file");
            assertThat(Files.readAllBytes(file)).isEqualTo(damaged);
        }
    }

    @Test
    void open_recordMissingInTheMiddle_isRefused() throws Exception {
        byte[] whole = Files.readAllBytes(file);
        byte[] without = new byte[whole.length - 23];
        System.arraycopy(whole, 0, without, 0, 23);
        System.arraycopy(whole, 46, without, 23, whole.length - 46);
        Files.write(file, without);
        assertThatExceptionOfType(WadmStartException.class)
                .isThrownBy(this::read)
                .withMessageContaining("record 3 at byte 23 follows record 1");
    }

    @Test
    void replace_keepsOnlyTheNewRecords() throws Exception {
        try (var journal = Journal.open(directory).journal()) {
            journal.replace(List.of(bytes("all")));
            journal.append(List.of(bytes("more")));
        }
        assertThat(read()).containsExactly("all", "more");
    }
}
