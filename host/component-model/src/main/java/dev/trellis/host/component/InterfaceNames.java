package dev.trellis.host.component;

import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Finds names of interfaces with versions that a name asks for: the same one, else a compatible one. */
final class InterfaceNames {
    /** Names longer than this are not compared for likeness. */
    private static final int LIKENESS_CHARS_MAX = 200;

    private final Set<String> names;
    private final Map<String, String> newest = new HashMap<>();

    InterfaceNames(Collection<String> names) {
        this.names = new HashSet<>(names);
        for (String name : names) {
            track(name).ifPresent(track -> newest.merge(track, name, InterfaceNames::newer));
        }
    }

    Optional<String> find(String name) {
        return names.contains(name) ? Optional.of(name) : track(name).map(newest::get);
    }

    /**
     * The name with as much of its version as compatible ones share: the major version, or where it is 0 the minor one.
     * Empty if there is none: pre-releases, 0.0.x and names without a version are compatible with nothing else.
     */
    static Optional<String> track(String name) {
        int at = name.lastIndexOf('@');
        String version = name.substring(at + 1);
        if (at < 0 || !(ExternName.isVersion(version) || ExternName.isCanonicalVersion(version))) {
            return Optional.empty();
        }
        int plus = version.indexOf('+');
        String release = plus < 0 ? version : version.substring(0, plus);
        if (release.indexOf('-') >= 0) {
            return Optional.empty();
        }
        String[] numbers = release.split("\\.", -1);
        String path = name.substring(0, at + 1);
        if (!numbers[0].equals("0")) {
            return Optional.of(path + numbers[0]);
        }
        return numbers.length > 1 && !numbers[1].equals("0") ? Optional.of(path + "0." + numbers[1]) : Optional.empty();
    }

    private static String newer(String one, String other) {
        String[] left = version(one);
        String[] right = version(other);
        for (int i = 0; i < Math.min(left.length, right.length); i++) {
            // By length first: numbers have no leading zeros.
            int order = left[i].length() != right[i].length()
                    ? left[i].length() - right[i].length()
                    : left[i].compareTo(right[i]);
            if (order != 0) {
                return order > 0 ? one : other;
            }
        }
        return one;
    }

    private static String[] version(String name) {
        return name.substring(name.lastIndexOf('@') + 1).split("[.+]", -1);
    }

    /** The candidate most like {@code name}, if any is alike at all. */
    static Optional<String> nearest(String name, Collection<String> candidates) {
        if (name.length() > LIKENESS_CHARS_MAX) {
            return Optional.empty();
        }
        return candidates.stream()
                .filter(one -> one.length() <= LIKENESS_CHARS_MAX)
                .min(Comparator.comparingInt(one -> distance(name, one)))
                .filter(one -> distance(name, one) <= Math.max(name.length(), one.length()) / 2);
    }

    private static int distance(String one, String other) {
        int[] row = new int[other.length() + 1];
        for (int j = 0; j < row.length; j++) {
            row[j] = j;
        }
        for (int i = 1; i <= one.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j < row.length; j++) {
                int changed = diagonal + (one.charAt(i - 1) == other.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(changed, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[row.length - 1];
    }
}
