package dev.trellis.wadm.core;

import dev.trellis.lattice.model.HostId;
import dev.trellis.wadm.manifest.DaemonScaler;
import dev.trellis.wadm.manifest.ManifestScaler;
import dev.trellis.wadm.manifest.Spread;
import dev.trellis.wadm.manifest.SpreadScaler;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** How a number of instances is divided: among spreads by weight, and within a spread among its hosts. */
final class Shares {
    private Shares() {}

    /** What a scaler asks of each spread: its part of all instances, or as a daemon all of them on each host. */
    static Map<Spread, Integer> bySpread(ManifestScaler scaler) {
        return switch (scaler) {
            case SpreadScaler spread -> bySpread(spread.instances(), spread.spreads());
            case DaemonScaler daemon -> {
                var each = new LinkedHashMap<Spread, Integer>();
                daemon.spreads().forEach(spread -> each.put(spread, daemon.instances()));
                yield each;
            }
        };
    }

    /**
     * Divides {@code instances} by weight, rounding down, and hands out the rest one by one, heaviest spread first.
     * The parts add up to {@code instances}; they come heaviest first, equal weights in the order given.
     */
    static Map<Spread, Integer> bySpread(int instances, List<Spread> spreads) {
        var heaviestFirst = spreads.stream()
                .sorted(Comparator.comparingInt(Spread::weight).reversed())
                .toList();
        long total = heaviestFirst.stream().mapToLong(Spread::weight).sum();
        var parts = new LinkedHashMap<Spread, Integer>();
        int rest = instances;
        for (Spread spread : heaviestFirst) {
            int part = (int) ((long) instances * spread.weight() / total);
            parts.put(spread, part);
            rest -= part;
        }
        for (Spread spread : heaviestFirst) {
            if (rest == 0) {
                break;
            }
            parts.merge(spread, 1, Integer::sum);
            rest--;
        }
        return parts;
    }

    /**
     * Divides {@code instances} as {@link #byHost(int, Map)} does, but for {@code cordoned} hosts: they keep what they
     * run, as far as that many are wanted, and get no more. The parts may add up to less, if no other host is there.
     */
    static SortedMap<HostId, Integer> byHost(int instances, Map<HostId, Integer> running, Set<HostId> cordoned) {
        var result = new TreeMap<HostId, Integer>();
        var open = new TreeMap<HostId, Integer>();
        int rest = instances;
        for (var entry : new TreeMap<>(running).entrySet()) {
            if (!cordoned.contains(entry.getKey())) {
                open.put(entry.getKey(), entry.getValue());
                continue;
            }
            int kept = Math.min(rest, entry.getValue());
            if (kept > 0) {
                result.put(entry.getKey(), kept);
                rest -= kept;
            }
        }
        result.putAll(byHost(rest, open));
        return result;
    }

    /**
     * Divides {@code instances} evenly: over as many hosts as there are instances, or over all, with counts that
     * differ by at most 1. Hosts that run most of them now come first, both in being used and in the larger counts, so
     * that as little as possible moves; ties go to the lower id.
     *
     * @param running how many of these instances each eligible host runs now, 0 included
     */
    static SortedMap<HostId, Integer> byHost(int instances, Map<HostId, Integer> running) {
        var result = new TreeMap<HostId, Integer>();
        int used = Math.min(instances, running.size());
        if (used == 0) {
            return result;
        }
        var hosts = running.entrySet().stream()
                .sorted(Map.Entry.<HostId, Integer>comparingByValue()
                        .reversed()
                        .thenComparing(Map.Entry.comparingByKey()))
                .limit(used)
                .map(Map.Entry::getKey)
                .toList();
        int each = instances / used;
        int larger = instances % used;
        for (int i = 0; i < used; i++) {
            result.put(hosts.get(i), i < larger ? each + 1 : each);
        }
        return result;
    }
}
