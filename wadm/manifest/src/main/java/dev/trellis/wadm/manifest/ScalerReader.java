package dev.trellis.wadm.manifest;

import dev.trellis.lattice.model.Labels;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Reads the traits {@code spreadscaler} and {@code daemonscaler}. */
final class ScalerReader {
    /** Spreads of a scaler at most. */
    static final int SPREADS_MAX = 256;

    private final Problems problems;

    ScalerReader(Problems problems) {
        this.problems = problems;
    }

    Optional<ManifestScaler> spread(YamlNode properties, Path path, Position trait) {
        return read(properties, path, trait, false)
                .map(scaler -> new SpreadScaler(scaler.instances, scaler.spreads, trait));
    }

    Optional<ManifestScaler> daemon(YamlNode properties, Path path, Position trait) {
        return read(properties, path, trait, true)
                .map(scaler -> new DaemonScaler(scaler.instances, scaler.spreads, trait));
    }

    private record Parts(int instances, List<Spread> spreads) {}

    private Optional<Parts> read(YamlNode node, Path path, Position trait, boolean daemon) {
        Optional<Fields> read = Fields.of(node, path, problems, "instances", "replicas", "spread");
        if (read.isEmpty()) {
            return Optional.empty();
        }
        Fields fields = read.get();
        String expected = "a whole number from 0 to " + ManifestScaler.INSTANCES_MAX;
        if (fields.has("instances") && fields.has("replicas")) {
            problems.error(
                    fields.keyPositionOf("replicas"),
                    path,
                    "'replicas' and 'instances' are both given",
                    "one of them: they mean the same");
        } else if (!fields.has("instances") && !fields.has("replicas")) {
            problems.error(fields.position(), path, "'instances' is missing", expected);
        }
        Optional<Integer> instances = fields.integer(
                fields.has("instances") ? "instances" : "replicas",
                count -> count >= 0 && count <= ManifestScaler.INSTANCES_MAX,
                expected);
        List<Spread> spreads = spreads(fields, daemon);
        return instances.map(count -> new Parts(count, spreads.isEmpty() ? List.of(Spread.anywhere(trait)) : spreads));
    }

    private List<Spread> spreads(Fields scaler, boolean daemon) {
        var spreads = new ArrayList<Spread>();
        List<Fields.Item> items = scaler.items("spread", "a list of {name, requirements, weight}");
        if (items.size() > SPREADS_MAX) {
            problems.error(
                    scaler.positionOf("spread"),
                    scaler.pathOf("spread"),
                    "there are " + items.size() + " spreads",
                    "at most " + SPREADS_MAX);
            return spreads;
        }
        for (Fields.Item item : items) {
            Fields.of(item.node(), item.path(), problems, "name", "requirements", "weight")
                    .flatMap(fields -> spread(fields, daemon))
                    .ifPresent(spread -> {
                        if (spreads.stream().anyMatch(other -> other.name().equals(spread.name()))) {
                            problems.error(
                                    spread.position(),
                                    item.path().key("name"),
                                    "spread " + Problems.quote(spread.name()) + " is there twice",
                                    "a name of its own for each spread");
                        }
                        spreads.add(spread);
                    });
        }
        if (!daemon && !spreads.isEmpty() && spreads.stream().allMatch(spread -> spread.weight() == 0)) {
            problems.error(
                    scaler.positionOf("spread"),
                    scaler.pathOf("spread"),
                    "every spread has weight 0, so no instance has a place",
                    "a weight above 0 for at least one spread");
        }
        return spreads;
    }

    private Optional<Spread> spread(Fields fields, boolean daemon) {
        Optional<String> name = DocumentReader.name(fields, problems);
        if (daemon && fields.has("weight")) {
            problems.warning(
                    fields.keyPositionOf("weight"),
                    fields.pathOf("weight"),
                    "a daemonscaler has no use for a weight: every matching host runs all instances",
                    "");
        }
        Optional<Integer> weight = fields.integer(
                "weight",
                value -> value >= 0 && value <= Spread.WEIGHT_MAX,
                "a whole number from 0 to " + Spread.WEIGHT_MAX);
        Optional<Labels> requirements = requirements(fields);
        if (name.isEmpty() || requirements.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(
                new Spread(name.get(), requirements.get(), weight.orElse(Spread.DEFAULT_WEIGHT), fields.position()));
    }

    private Optional<Labels> requirements(Fields fields) {
        try {
            return Optional.of(new Labels(fields.strings("requirements")));
        } catch (IllegalArgumentException e) {
            problems.error(
                    fields.positionOf("requirements"),
                    fields.pathOf("requirements"),
                    Problems.sentence(e.getMessage()),
                    "");
            return Optional.empty();
        }
    }
}
