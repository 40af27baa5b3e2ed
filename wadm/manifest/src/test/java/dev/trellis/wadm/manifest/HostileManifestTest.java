package dev.trellis.wadm.manifest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Documents made to hurt: each is refused at once, in few words. */
class HostileManifestTest {
    private static final String HEAD = "apiVersion: core.oam.dev/v1beta1\nkind: Application\nmetadata: {name: x}\n";

    private static InvalidManifestException refused(byte[] bytes) {
        var refused =
                catchThrowableOfType(InvalidManifestException.class, () -> ManifestReader.read("wadm.yaml", bytes));
        assertThat(refused).isNotNull();
        return refused;
    }

    private static InvalidManifestException refused(String text) {
        return refused(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void read_tenMegabytes_isRefusedUnread() {
        byte[] bytes = new byte[10 << 20];
        Arrays.fill(bytes, (byte) '[');

        assertThat(refused(bytes))
                .hasMessage("wadm.yaml:1:1: error: the file has 10485760 bytes; expected a manifest of at most 1048576"
                        + " bytes\n    \n    ^");
    }

    @Test
    void read_oneMegabyteOfBrackets_isRefusedAtTheDepthLimit() {
        assertThat(refused("[".repeat(YamlTree.DOCUMENT_BYTES_MAX)))
                .hasMessageStartingWith("wadm.yaml:1:33: error: nested deeper than 32 levels; expected");
    }

    @Test
    void read_deepBlocks_areRefusedAtTheDepthLimit() {
        String text =
                IntStream.range(0, 500).mapToObj(i -> " ".repeat(i) + "a:\n").collect(Collectors.joining());

        assertThat(refused(text)).hasMessageContaining("nested deeper than 32 levels");
    }

    @Test
    void read_depthThroughAliases_isRefused() {
        var text = new StringBuilder("a0: &a0 [[[[[[[[[[x]]]]]]]]]]\n");
        for (int i = 1; i < 5; i++) {
            text.append("a%d: &a%d [[[[[[[[[[*a%d]]]]]]]]]]\n".formatted(i, i, i - 1));
        }

        assertThat(refused(text.toString())).hasMessageContaining("nested deeper than 32 levels");
    }

    @Test
    void read_longTextUsedOften_isRefused() {
        String text = HEAD + "spec: &a " + "x".repeat(500_000) + "\nb: [" + "*a,".repeat(100_000) + "]\n";

        assertThat(refused(text)).hasMessageContaining("the document grows beyond its limit here");
    }

    @Test
    void read_thousandsOfProblems_listsFiftyAndCountsTheRest() {
        String text = HEAD + "spec:\n"
                + IntStream.range(0, 5_000).mapToObj(i -> "  key" + i + ": x\n").collect(Collectors.joining());

        InvalidManifestException refused = refused(text);

        assertThat(refused.problems()).hasSize(InvalidManifestException.PROBLEMS_MAX);
        assertThat(refused).hasMessageEndingWith("... and 4951 more");
    }

    @Test
    void read_moreWarningsThanFit_stillListsTheError() {
        String text = HEAD + "spec:\n  components:\n"
                + IntStream.range(0, 100)
                        .mapToObj(i -> "  - {name: c" + i + ", type: actor, properties: {image: a.wasm}}\n")
                        .collect(Collectors.joining())
                + "  - {name: last, type: acter, properties: {image: a.wasm}}\n";

        InvalidManifestException refused = refused(text);

        assertThat(refused).hasMessageContaining("wadm.yaml:106:24: error: ").hasMessageEndingWith("... and 51 more");
        assertThat(refused.problems()).hasSize(InvalidManifestException.PROBLEMS_MAX);
    }

    @Test
    void read_tooManyComponents_isRefused() {
        String text = HEAD + "spec:\n  components:\n"
                + IntStream.range(0, 1_001)
                        .mapToObj(i -> "  - {name: c" + i + ", type: actor, properties: {image: a.wasm}}\n")
                        .collect(Collectors.joining());

        assertThat(refused(text)).hasMessageContaining("wadm.yaml:1006:5: error: spec.components[1000]: ");
    }

    @Test
    void read_longLine_isCutAroundTheCaret() {
        String text = HEAD + "spec: {components: [], " + "k: " + "y".repeat(100_000) + "}\n";

        InvalidManifestException refused = refused(text);

        assertThat(refused.getMessage().length()).isLessThan(500);
        assertThat(refused).hasMessageContaining("wadm.yaml:4:24: error: spec: unknown key 'k'");
    }

    @Test
    void read_terminalEscapesAndBidirectionalMarks_areNotRepeated() {
        InvalidManifestException refused = refused(HEAD + "spec: {\"\\e[31mred\\u202e\": 1}\n# \u202e\n");

        assertThat(refused.getMessage()).doesNotContain("\u001b").doesNotContain("\u202e");
    }

    @Test
    void read_utf16_isRefusedAsNotUtf8() {
        assertThat(refused(HEAD.getBytes(StandardCharsets.UTF_16)))
                .hasMessageStartingWith("wadm.yaml:1:1: error: byte 0xfe is not valid UTF-8 here");
    }

    @Test
    void read_emptyFile_isRefused() {
        assertThat(refused("")).hasMessageStartingWith("wadm.yaml:1:1: error: the document is empty");
    }
}
