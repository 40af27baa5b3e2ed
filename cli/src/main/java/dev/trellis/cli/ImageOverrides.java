package dev.trellis.cli;

import dev.trellis.lattice.model.ImageRef;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads {@code --image REF=PATH} and {@code --label KEY=VALUE} options. */
final class ImageOverrides {
    private ImageOverrides() {}

    /** Local files by the image reference that they stand in for. A reference may hold {@code =}; the last one splits. */
    static Map<ImageRef, Path> parse(List<String> options) throws CliException {
        var images = new LinkedHashMap<ImageRef, Path>();
        for (String option : options) {
            int split = option.lastIndexOf('=');
            if (split < 1 || split == option.length() - 1) {
                throw new CliException(
                        ExitCode.USAGE,
                        "'--image " + option + "' does not say which image and which file",
                        "write it as --image REF=PATH, such as --image ghcr.io/myorg/user-actor:1.0.0=./user-actor.wasm");
            }
            try {
                images.put(
                        new ImageRef(option.substring(0, split)),
                        Path.of(option.substring(split + 1)).toAbsolutePath().normalize());
            } catch (IllegalArgumentException e) {
                throw new CliException(
                                ExitCode.USAGE, "'--image " + option + "' is not valid", "write it as --image REF=PATH")
                        .because(e);
            }
        }
        return images;
    }

    /** Labels of a host. */
    static Map<String, String> labels(List<String> options) throws CliException {
        var labels = new LinkedHashMap<String, String>();
        for (String option : options) {
            int split = option.indexOf('=');
            if (split < 1) {
                throw new CliException(
                        ExitCode.USAGE,
                        "'--label " + option + "' is no label",
                        "write it as --label KEY=VALUE, such as --label site=edge-1");
            }
            String key = option.substring(0, split);
            if (key.startsWith("hostcore.")) {
                throw new CliException(
                        ExitCode.USAGE,
                        "label '" + key + "' is the host's own",
                        "choose a key that does not begin with hostcore.");
            }
            labels.put(key, option.substring(split + 1));
        }
        return labels;
    }
}
