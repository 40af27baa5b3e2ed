package dev.trellis.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.trellis.conformance.TextCompiler.MissingToolException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The components that host/component-model commits as text and binary are the same in both. */
class OwnCasesTest {
    private static final boolean REBUILD = Boolean.getBoolean("trellis.conformance.rebuild");

    @Test
    void committedBinaries_areWhatTheirTextsCompileTo() throws IOException, InterruptedException {
        List<Path> texts = texts();
        List<String> contents = new ArrayList<>();
        for (Path text : texts) {
            contents.add(Files.readString(text));
        }
        List<TextCompiler.Result> results;
        try {
            results = TextCompiler.install().compile(contents);
        } catch (MissingToolException e) {
            abort("the texts are not compiled: " + e.getMessage());
            return;
        }
        List<String> deviations = new ArrayList<>();
        for (int i = 0; i < texts.size(); i++) {
            Path text = texts.get(i);
            Path binary = text.resolveSibling(text.getFileName().toString().replace(".wat", ".wasm"));
            switch (results.get(i)) {
                case TextCompiler.Result.Refused(String why) -> deviations.add(text + ": " + why);
                case TextCompiler.Result.Compiled(byte[] compiled) -> {
                    if (REBUILD) {
                        Files.write(binary, compiled);
                    } else if (!Files.exists(binary) || !Arrays.equals(Files.readAllBytes(binary), compiled)) {
                        deviations.add(binary + " is not what its text compiles to");
                    }
                }
            }
        }
        assertThat(texts).hasSizeGreaterThan(40);
        assertThat(deviations)
                .as("-Dtrellis.conformance.rebuild=true writes the binaries anew")
                .isEmpty();
    }

    private static List<Path> texts() throws IOException {
        Path cases = Path.of(System.getProperty("trellis.root", "."), "host/component-model/src/test/resources");
        try (Stream<Path> files = Files.walk(cases)) {
            return files.filter(file -> file.toString().endsWith(".wat"))
                    .sorted()
                    .toList();
        }
    }
}
