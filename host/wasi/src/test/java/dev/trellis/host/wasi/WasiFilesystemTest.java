package dev.trellis.host.wasi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WasiFilesystemTest {
    private static final String SECRET = "secret";

    @TempDir
    Path temp;

    private Path root;
    private Path outside;

    @BeforeEach
    void makeDirectories() throws IOException {
        assumeTrue(LinuxFiles.supported(), "directories for commands need Linux");
        root = Files.createDirectory(temp.resolve("root"));
        outside = Files.createDirectory(temp.resolve("outside"));
        Files.writeString(outside.resolve("file"), SECRET);
    }

    private Probe probe() {
        return new Probe().in(root, true);
    }

    private Probe readOnly() {
        return new Probe().in(root, false);
    }

    private long openDescriptors() throws IOException {
        try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
            return all.filter(one -> {
                        try {
                            return Files.readSymbolicLink(one).startsWith(temp);
                        } catch (IOException e) {
                            return false;
                        }
                    })
                    .count();
        }
    }

    // ---- what works

    @Test
    void file_writtenAndRead_isTheSameOnTheHost() throws Exception {
        assertThat(probe().lines(
                                "open f 0 a.txt - ce rw",
                                "write f hello 0",
                                "write f J 0",
                                "read f 100 0",
                                "read f 2 1",
                                "read f 100 5",
                                "read f 0 0",
                                "type f",
                                "flags f",
                                "stat f",
                                "size f 8",
                                "stat f",
                                "size f 2",
                                "read f 100 0",
                                "sync f",
                                "sync-data f",
                                "advise f"))
                .containsExactly(
                        "opened",
                        "5",
                        "1",
                        "'Jello' false",
                        "'el' false",
                        "'' true",
                        "'' true",
                        "RegularFile",
                        "(READ | WRITE)",
                        "RegularFile 5 1",
                        "done",
                        "RegularFile 8 1",
                        "done",
                        "'Je' false",
                        "done",
                        "done",
                        "done");
        assertThat(root.resolve("a.txt")).hasContent("Je");
    }

    @Test
    void file_throughStreams_isWrittenWhereTheyBegin() throws Exception {
        Files.writeString(root.resolve("a"), "0123456789");
        assertThat(probe().lines(
                                "open f 0 a - - rw",
                                "to f 3 abc",
                                "append f XY",
                                "in f 0 4",
                                "in f 10 100",
                                "in f 99 1",
                                "in f max 1",
                                "to f max a",
                                "close f",
                                "read f 1 1"))
                .containsExactly(
                        "opened",
                        "written",
                        "written",
                        "'012abc6789XY'",
                        "'XY'",
                        "''",
                        "! invalid",
                        "! invalid",
                        "true",
                        "! no descriptor f");
    }

    @Test
    void largeFile_isReadInParts() throws Exception {
        Files.write(root.resolve("big"), new byte[700_000]);
        assertThat(probe().lines("open f 0 big - - r", "in f 0 max", "read f max 0"))
                .containsExactly("opened", "700000 bytes", "262144 bytes false");
    }

    @Test
    void directories_areMadeListedAndRemoved() throws Exception {
        Files.writeString(root.resolve("b"), "x");
        Files.createSymbolicLink(root.resolve("l"), Path.of("b"));
        assertThat(probe().lines(
                                "mkdir 0 dir",
                                "mkdir 0 dir/sub/",
                                "mkdir 0 dir",
                                "mkdir 0 no/sub",
                                "ls 0",
                                "open d 0 dir - d r",
                                "ls d",
                                "flags d",
                                "type d",
                                "stat-at d . -",
                                "rmdir 0 dir",
                                "rmdir d sub",
                                "rmdir 0 dir",
                                "rmdir 0 b",
                                "rmdir 0 .",
                                "ls 0"))
                .containsExactly(
                        "done",
                        "done",
                        "! exist",
                        "! no-entry",
                        "b:RegularFile dir:Directory l:SymbolicLink",
                        "opened",
                        "sub:Directory",
                        "(READ | MUTATE_DIRECTORY)",
                        "Directory",
                        "Directory",
                        "! not-empty",
                        "done",
                        "done",
                        "! not-directory",
                        "! invalid",
                        "b:RegularFile l:SymbolicLink");
    }

    @Test
    void names_areMovedLinkedAndRemoved() throws Exception {
        Files.writeString(root.resolve("a"), "A");
        Files.createDirectory(root.resolve("d"));
        assertThat(probe().lines(
                                "mv 0 a 0 d/b",
                                "ln 0 d/b - 0 c",
                                "stat-at 0 c -",
                                "symlink 0 c l",
                                "readlink 0 l",
                                "readlink 0 c",
                                "stat-at 0 l -",
                                "stat-at 0 l f",
                                "open f 0 l f - r",
                                "open g 0 c - - r",
                                "same f g",
                                "same-hash f g",
                                "same-hash-at f 0 d/b",
                                "same 0 f",
                                "open h 0 l - - r",
                                "mv 0 c 0 d",
                                "mv 0 none 0 x",
                                "ln 0 d - 0 dd",
                                "ln 0 c - 0 l",
                                "rm 0 d",
                                "rm 0 d/b",
                                "rm 0 d/b",
                                "rm 0 c",
                                "stat-at 0 l f",
                                "read f 9 0",
                                "rm 0 l",
                                "ls 0"))
                .containsExactly(
                        "done",
                        "done",
                        "RegularFile 1 2",
                        "done",
                        "c",
                        "! invalid",
                        "SymbolicLink 1 1",
                        "RegularFile 1 2",
                        "opened",
                        "opened",
                        "true",
                        "true",
                        "true",
                        "false",
                        "! loop",
                        "! is-directory",
                        "! no-entry",
                        "! not-permitted",
                        "! exist",
                        "! is-directory",
                        "done",
                        "! no-entry",
                        "done",
                        "! no-entry",
                        "'A' false",
                        "done",
                        "d:Directory");
    }

    @Test
    void openAt_flags_areKeptTo() throws Exception {
        Files.writeString(root.resolve("a"), "A");
        Files.createDirectory(root.resolve("d"));
        Files.createSymbolicLink(root.resolve("dangling"), Path.of("made"));
        assertThat(probe().lines(
                                "open f 0 none - - r",
                                "open f 0 a - ce rw",
                                "open f 0 a - d r",
                                "open f 0 a/ - - r",
                                "open f 0 a/b - - r",
                                "open f 0 d - - w",
                                "open f 0 d - c r",
                                "open f 0 d - - r",
                                "open f 0 d - cd r",
                                "open f 0 new/ - c w",
                                "open f 0 a - t r",
                                "open f 0 a - t w",
                                "stat f",
                                "read f 1 0",
                                "open g 0 a - - r",
                                "write g x 0",
                                "size g 1",
                                "open n 0 a - - -",
                                "stat n",
                                "read n 1 0",
                                "ls g",
                                "open x g b - - r",
                                "read 0 1 0",
                                "open v 0 dangling f c w",
                                "open e 0 dangling f ce w",
                                "open s 0 a - - ws",
                                "flags s",
                                "ls 0"))
                .containsExactly(
                        "! no-entry",
                        "! exist",
                        "! not-directory",
                        "! not-directory",
                        "! not-directory",
                        "! is-directory",
                        "! is-directory",
                        "opened",
                        "! invalid",
                        "! is-directory",
                        "! invalid",
                        "opened",
                        "RegularFile 0 1",
                        "! bad-descriptor",
                        "opened",
                        "! bad-descriptor",
                        "! bad-descriptor",
                        "opened",
                        "RegularFile 0 1",
                        "! bad-descriptor",
                        "! not-directory",
                        "! not-directory",
                        "! bad-descriptor",
                        "opened",
                        "! exist",
                        "opened",
                        "(WRITE | FILE_INTEGRITY_SYNC)",
                        "a:RegularFile d:Directory dangling:SymbolicLink made:RegularFile");
    }

    @Test
    void times_areSetToTheNanosecond() throws Exception {
        Path file = Files.writeString(root.resolve("a"), "A");
        Path link = Files.createSymbolicLink(root.resolve("l"), Path.of("a"));
        Files.createDirectory(root.resolve("d"));
        assertThat(probe().lines(
                                "open f 0 a - - r",
                                "times f - 1000",
                                "mtime f",
                                "times-at 0 a - 5 -",
                                "mtime f",
                                "times-at 0 l - - 77",
                                "times-at 0 d - - 88",
                                "times-at 0 none - - 88",
                                "mtime f",
                                "times f now -",
                                "times f - max"))
                .containsExactly(
                        "opened",
                        "done",
                        "1000.000000005",
                        "done",
                        "1000.000000005",
                        "done",
                        "done",
                        "! no-entry",
                        "1000.000000005",
                        "done",
                        "! overflow");
        assertThat(Files.getLastModifiedTime(file).toInstant()).isEqualTo(Instant.ofEpochSecond(1000, 5));
        assertThat(Files.getLastModifiedTime(link, java.nio.file.LinkOption.NOFOLLOW_LINKS)
                        .toInstant())
                .isEqualTo(Instant.ofEpochSecond(77, 5));
        assertThat(Files.getLastModifiedTime(root.resolve("d")).toInstant()).isEqualTo(Instant.ofEpochSecond(88, 5));
    }

    @Test
    void directory_givenReadOnly_isNeverChanged() throws Exception {
        Files.writeString(root.resolve("a"), "A");
        Files.createDirectory(root.resolve("d"));
        assertThat(readOnly()
                        .lines(
                                "flags 0",
                                "open f 0 a - - r",
                                "read f 9 0",
                                "open w 0 a - - w",
                                "open w 0 n - c r",
                                "open w 0 a - t w",
                                "open m 0 d - d rm",
                                "mkdir 0 x",
                                "rmdir 0 d",
                                "rm 0 a",
                                "mv 0 a 0 b",
                                "ln 0 a - 0 b",
                                "symlink 0 a b",
                                "times-at 0 a - 1 1",
                                "times f 1 1",
                                "size f 0",
                                "to f 0 x",
                                "append f x",
                                "open d 0 d - d r",
                                "mkdir d x"))
                .containsExactly(
                        "(READ)",
                        "opened",
                        "'A' false",
                        "! read-only",
                        "! read-only",
                        "! read-only",
                        "! read-only",
                        "! read-only",
                        "! read-only",
                        "! read-only",
                        "! read-only",
                        "! read-only",
                        "! read-only",
                        "! read-only",
                        "! read-only",
                        "! bad-descriptor",
                        "! bad-descriptor",
                        "! bad-descriptor",
                        "opened",
                        "! read-only");
        assertThat(root.resolve("a")).hasContent("A");
        assertThat(readOnly().in(temp, true).lines("mv 0 a 1 b", "ln 0 a - 1 b", "mv 1 outside/file 0 x"))
                .containsExactly("! read-only", "! read-only", "! read-only");
    }

    // ---- what must not work

    @Test
    void path_outOfTheDirectory_isNotPermitted() throws Exception {
        Files.createDirectories(root.resolve("d/e"));
        assertThat(probe().lines(
                                "stat-at 0 .. f",
                                "stat-at 0 ../outside/file f",
                                "stat-at 0 d/../../outside/file f",
                                "stat-at 0 /etc/passwd f",
                                "stat-at 0 / f",
                                "stat-at 0 d/e/../.. f",
                                "open d 0 d - d rm",
                                "stat-at d .. f",
                                "stat-at d e/../.. f",
                                "mkdir d ../x",
                                "mv d e 0 ../x",
                                "symlink 0 /etc/passwd l",
                                "open f 0 ../outside/file - - r",
                                "rm 0 ../outside/file",
                                "stat-at 0 - f"))
                .containsExactly(
                        "! not-permitted",
                        "! not-permitted",
                        "! not-permitted",
                        "! not-permitted",
                        "! not-permitted",
                        "Directory",
                        "opened",
                        "! not-permitted",
                        "! not-permitted",
                        "! not-permitted",
                        "! not-permitted",
                        "! not-permitted",
                        "! not-permitted",
                        "! not-permitted",
                        "! no-entry");
        assertThat(outside.resolve("file")).hasContent(SECRET);
    }

    @Test
    void link_outOfTheDirectory_isNotFollowed() throws Exception {
        Files.createSymbolicLink(root.resolve("up"), Path.of(".."));
        Files.createSymbolicLink(root.resolve("file"), Path.of("../outside/file"));
        Files.createSymbolicLink(root.resolve("absolute"), outside.toAbsolutePath());
        Files.createSymbolicLink(root.resolve("new"), Path.of("../outside/new"));
        Files.createDirectory(root.resolve("d"));
        Files.createSymbolicLink(root.resolve("d/back"), Path.of("../d"));
        assertThat(probe().lines(
                                "open f 0 file f - r",
                                "open f 0 file - - r",
                                "open f 0 up/outside/file f - r",
                                "open f 0 absolute/file f - r",
                                "open f 0 new f c w",
                                "open f 0 new - c w",
                                "mkdir 0 absolute/x",
                                "rm 0 absolute/file",
                                "mv 0 d 0 absolute/d",
                                "ln 0 file f 0 mine",
                                "readlink 0 absolute",
                                "stat-at 0 d/back/back/back/ f",
                                "symlink 0 ../../outside d/l",
                                "open f 0 d/l/file f - r",
                                "times-at 0 file f 1 1",
                                "rm 0 file"))
                .containsExactly(
                        "! not-permitted",
                        "! loop",
                        "! not-permitted",
                        "! not-permitted",
                        "! not-permitted",
                        "! loop",
                        "! not-permitted",
                        "! not-permitted",
                        "! not-permitted",
                        "! not-permitted",
                        "! not-permitted",
                        "Directory",
                        "done",
                        "! not-permitted",
                        "! not-permitted",
                        "done");
        assertThat(outside).isDirectoryNotContaining(one -> !one.endsWith("file"));
        assertThat(outside.resolve("file")).hasContent(SECRET);
    }

    @Test
    void path_thatDoesNotEnd_isRefused() throws Exception {
        Files.createSymbolicLink(root.resolve("self"), Path.of("self"));
        Files.createSymbolicLink(root.resolve("a"), Path.of("b"));
        Files.createSymbolicLink(root.resolve("b"), Path.of("a"));
        Files.createSymbolicLink(root.resolve("grow"), Path.of("grow/grow/grow"));
        Path deep = Files.createDirectory(root.resolve("deep"));
        for (int i = 0; i < PathWalk.DEPTH_MAX + 2; i++) {
            deep = Files.createDirectory(deep.resolve("a"));
        }
        assertThat(probe().lines(
                                "stat-at 0 self f",
                                "stat-at 0 a/x f",
                                "stat-at 0 grow f",
                                "long-path 0 2000",
                                "long-path 0 2100",
                                "open d 0 deep - d r",
                                "long-path d 200",
                                "long-path d 258",
                                "stat-at 0 " + "n".repeat(300) + " f"))
                .containsExactly(
                        "! loop",
                        "! loop",
                        "! loop",
                        "! loop",
                        "! name-too-long",
                        "opened",
                        "Directory",
                        "! name-too-long",
                        "! name-too-long");
    }

    @Test
    void link_exchangedMeanwhile_leadsNowhereElse() throws Exception {
        Files.createDirectory(root.resolve("real"));
        Files.writeString(root.resolve("real/file"), "mine");
        Files.createSymbolicLink(root.resolve("evil"), outside);
        Files.createDirectory(root.resolve("way"));
        Files.writeString(root.resolve("way/file"), "mine");
        AtomicBoolean over = new AtomicBoolean();
        // way is a directory, then a link out of the root, then a directory again
        Thread attacker = Thread.ofPlatform().start(() -> {
            try {
                while (!over.get()) {
                    Files.move(root.resolve("way"), root.resolve("kept"), StandardCopyOption.ATOMIC_MOVE);
                    Files.move(root.resolve("evil"), root.resolve("way"), StandardCopyOption.ATOMIC_MOVE);
                    Files.move(root.resolve("way"), root.resolve("evil"), StandardCopyOption.ATOMIC_MOVE);
                    Files.move(root.resolve("kept"), root.resolve("way"), StandardCopyOption.ATOMIC_MOVE);
                }
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        });
        try {
            assertThat(probe().run("race 0 way/file 5000").line().split(" "))
                    .isSubsetOf("'mine'", "no-entry", "not-permitted", "not-directory", "loop");
        } finally {
            over.set(true);
            attacker.join();
        }
    }

    @Test
    void pipesAndDevices_areNotOpened() throws Exception {
        Process made = new ProcessBuilder("mkfifo", root.resolve("pipe").toString()).start();
        assertThat(made.waitFor()).isZero();
        assertThat(probe().lines("open f 0 pipe - - r", "open f 0 pipe - - w", "stat-at 0 pipe -", "ls 0"))
                .containsExactly("! not-permitted", "! not-permitted", "Fifo 0 1", "pipe:Fifo");
    }

    @Test
    void descriptors_areBounded_andAllAreClosedInTheEnd() throws Exception {
        Files.writeString(root.resolve("a"), "A");
        long before = openDescriptors();
        assertThat(probe().lines(
                                "open-many 0 a 1000",
                                "close-many",
                                "open-many 0 a 500",
                                "ls 0",
                                "open f 0 a - - r",
                                "in f 0 9"))
                .containsExactly(
                        "! insufficient-memory after " + (OpenFiles.OPEN_MAX - 1),
                        "closed",
                        "opened",
                        "a:RegularFile",
                        "opened",
                        "'A'");
        assertThat(openDescriptors()).isEqualTo(before);
    }

    @Test
    void directory_removedMeanwhile_isNotAnotherOfItsName() throws Exception {
        Files.createDirectory(root.resolve("d"));
        Files.writeString(outside.resolve("x"), SECRET);
        assertThat(probe().in(outside, true)
                        .lines(
                                "open d 0 d - d rm",
                                "mv 0 d 0 e",
                                "symlink 0 e d",
                                "mkdir d x",
                                "stat-at 0 e/x -",
                                "rmdir d x",
                                "rmdir 0 e",
                                "mkdir d x",
                                "same d 0"))
                .containsExactly("opened", "done", "done", "done", "Directory", "done", "done", "! no-entry", "false");
    }
}
