package dev.trellis.wadm.manifest;

/**
 * Reads manifests in all dialects: OAM as wadm has it today, that of wasmCloud 0.x ({@code linkdef}, {@code contract},
 * {@code replicas}), and {@code config} in every form met in the field. YAML or JSON, one document, at most 1 MiB.
 *
 * <p>Nothing is ignored: a key, trait or type that Trellis does not know is an error. Input is taken to be hostile; any
 * bytes end in a manifest or an {@link InvalidManifestException}, in time proportional to their number.
 */
public final class ManifestReader {
    private ManifestReader() {}

    /**
     * The manifest in {@code bytes}, which are read, never kept.
     *
     * @param file what errors call the document; nothing is opened
     * @throws InvalidManifestException with all that is wrong, if anything is
     */
    public static Manifest read(String file, byte[] bytes) throws InvalidManifestException {
        String text = YamlTree.decode(file, bytes);
        var problems = new Problems(file, text);
        YamlNode root = YamlTree.parse(text, problems);
        var manifest = new DocumentReader(problems, new Manifest.Source(file, text)).read(root);
        if (problems.anyError() || manifest.isEmpty()) {
            throw problems.failure();
        }
        return manifest.get();
    }
}
