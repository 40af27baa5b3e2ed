package dev.trellis.conformance;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/**
 * Turns the text format into binaries with the tool that the suite's authors use, in Node.js. The tool comes from npm once
 * and stays in the user's cache directory.
 */
final class TextCompiler {
    private static final String VERSION = "jco-transpile-0.15.0";
    private static final long INSTALL_SECONDS_MAX = 120;
    private static final long COMPILE_SECONDS_MAX = 60;

    /** What became of one text. */
    sealed interface Result {
        @SuppressWarnings("ArrayRecordComponent") // never compared
        record Compiled(byte[] binary) implements Result {}

        record Refused(String why) implements Result {}
    }

    /** Thrown where the tool cannot be had, which is a reason to skip. */
    static final class MissingToolException extends Exception {
        private static final long serialVersionUID = 1L;

        MissingToolException(String message) {
            super(message);
        }
    }

    private final Path directory;

    private TextCompiler(Path directory) {
        this.directory = directory;
    }

    static TextCompiler install() throws MissingToolException, InterruptedException {
        try {
            if (!runs("node", "--version") || !runs("npm", "--version")) {
                throw new MissingToolException("Node.js with npm is not on the PATH; install nodejs and npm");
            }
            Path cache = Path.of(System.getProperty("user.home"), ".cache", "trellis", "conformance");
            Path installed = cache.resolve(VERSION);
            if (!Files.isDirectory(installed)) {
                Files.createDirectories(cache);
                Path fresh = Files.createTempDirectory(cache, "install-");
                write(fresh.resolve("package.json"), "package.json");
                Process npm = new ProcessBuilder(
                                "npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--omit=optional")
                        .directory(fresh.toFile())
                        .redirectErrorStream(true)
                        .redirectOutput(fresh.resolve("npm.log").toFile())
                        .start();
                if (!npm.waitFor(INSTALL_SECONDS_MAX, TimeUnit.SECONDS) || npm.exitValue() != 0) {
                    npm.destroyForcibly();
                    throw new MissingToolException(
                            "npm cannot install " + VERSION + "; see " + fresh.resolve("npm.log"));
                }
                try {
                    Files.move(fresh, installed, StandardCopyOption.ATOMIC_MOVE);
                } catch (FileAlreadyExistsException e) {
                    // Another build was faster; its copy is as good.
                } catch (IOException e) {
                    if (!Files.isDirectory(installed)) {
                        throw e;
                    }
                }
            }
            write(installed.resolve("compile.mjs"), "compile.mjs");
            return new TextCompiler(installed);
        } catch (IOException e) {
            throw new UncheckedIOException("the text compiler cannot be installed", e);
        }
    }

    /** A script among the resources of this package, put where it finds the tool. */
    Path script(String resource) {
        try {
            write(directory.resolve(resource), resource);
            return directory.resolve(resource);
        } catch (IOException e) {
            throw new UncheckedIOException(resource + " cannot be written to " + directory, e);
        }
    }

    /** In the order of {@code texts}. */
    List<Result> compile(List<String> texts) throws InterruptedException {
        try {
            Path input = Files.createTempFile("conformance", ".in");
            Path output = Files.createTempFile("conformance", ".out");
            Path errors = Files.createTempFile("conformance", ".err");
            try {
                ByteArrayOutputStream bytes = new ByteArrayOutputStream();
                DataOutputStream out = new DataOutputStream(bytes);
                for (String text : texts) {
                    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
                    out.writeInt(utf8.length);
                    out.write(utf8);
                }
                Files.write(input, bytes.toByteArray());
                Process node = new ProcessBuilder(
                                "node", directory.resolve("compile.mjs").toString())
                        .directory(directory.toFile())
                        .redirectInput(input.toFile())
                        .redirectOutput(output.toFile())
                        .redirectError(errors.toFile())
                        .start();
                if (!node.waitFor(COMPILE_SECONDS_MAX, TimeUnit.SECONDS) || node.exitValue() != 0) {
                    node.destroyForcibly();
                    throw new IllegalStateException("the text compiler failed: " + Files.readString(errors));
                }
                return results(Files.readAllBytes(output), texts.size());
            } finally {
                for (Path file : List.of(input, output, errors)) {
                    Files.deleteIfExists(file);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("the text compiler cannot be run", e);
        }
    }

    private static List<Result> results(byte[] output, int count) throws IOException {
        List<Result> results = new ArrayList<>();
        DataInputStream in = new DataInputStream(new java.io.ByteArrayInputStream(output));
        for (int i = 0; i < count; i++) {
            boolean failed = in.readUnsignedByte() == 1;
            byte[] content = in.readNBytes(in.readInt());
            results.add(
                    failed
                            ? new Result.Refused(new String(content, StandardCharsets.UTF_8))
                            : new Result.Compiled(content));
        }
        return results;
    }

    private static boolean runs(String... command) throws IOException, InterruptedException {
        try {
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return process.waitFor(30, TimeUnit.SECONDS) && process.exitValue() == 0;
        } catch (IOException e) {
            return false;
        }
    }

    private static void write(Path file, String resource) throws IOException {
        try (InputStream in = Objects.requireNonNull(TextCompiler.class.getResourceAsStream(resource), resource)) {
            Path fresh = Files.createTempFile(file.getParent(), resource, ".new");
            Files.copy(in, fresh, StandardCopyOption.REPLACE_EXISTING);
            Files.move(fresh, file, StandardCopyOption.REPLACE_EXISTING);
        }
    }
}
