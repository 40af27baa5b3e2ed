package dev.trellis.wadm.server;

import java.util.regex.Pattern;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.nodes.Tag;
import org.yaml.snakeyaml.representer.Representer;
import org.yaml.snakeyaml.resolver.Resolver;

/** Manifests in the form that JSON has for them. */
final class ManifestJson {
    private static final int ALIASES_MAX = 1_000;

    private ManifestJson() {}

    /** The document in {@code text}, which {@code ManifestReader} has accepted, as maps, lists and scalars. */
    static Object of(String text) {
        var loading = new LoaderOptions();
        loading.setMaxAliasesForCollections(ALIASES_MAX);
        loading.setAllowDuplicateKeys(false);
        var dumping = new DumperOptions();
        return new Yaml(new SafeConstructor(loading), new Representer(dumping), dumping, loading, new NoDates())
                .load(text);
    }

    /** Dates stay the strings that they are in JSON. */
    private static final class NoDates extends Resolver {
        @Override
        public void addImplicitResolver(Tag tag, Pattern expression, String first, int limit) {
            if (!tag.equals(Tag.TIMESTAMP)) {
                super.addImplicitResolver(tag, expression, first, limit);
            }
        }
    }
}
