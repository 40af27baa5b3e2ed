package dev.trellis.wadm.manifest;

import java.util.Collection;
import java.util.Locale;
import java.util.Optional;

/** Finds the valid name that a mistyped one was meant to be. */
final class Nearest {
    /** Names longer than this are not compared. */
    private static final int LENGTH_MAX = 64;

    /** Shortest beginning of a valid name that stands for it. */
    private static final int PREFIX_LENGTH_MIN = 3;

    /** Valid names looked at; further ones are not offered. */
    private static final int CANDIDATES_MAX = 200;

    private Nearest() {}

    /** The first of {@code valid} with the smallest edit distance, if that is small against the name's length; else one it begins. */
    static Optional<String> of(String name, Collection<String> valid) {
        if (name.isEmpty() || name.length() > LENGTH_MAX) {
            return Optional.empty();
        }
        String best = "";
        int bestDistance = Math.max(2, name.length() / 3) + 1;
        for (String candidate : (Iterable<String>) valid.stream().limit(CANDIDATES_MAX)::iterator) {
            if (candidate.length() > LENGTH_MAX || Math.min(name.length(), candidate.length()) < 2) {
                continue;
            }
            int distance = distance(name.toLowerCase(Locale.ROOT), candidate.toLowerCase(Locale.ROOT));
            if (distance < bestDistance && distance < Math.max(name.length(), candidate.length())) {
                best = candidate;
                bestDistance = distance;
            }
        }
        if (!best.isEmpty()) {
            return Optional.of(best);
        }
        return name.length() < PREFIX_LENGTH_MIN
                ? Optional.empty()
                : valid.stream()
                        .limit(CANDIDATES_MAX)
                        .filter(candidate -> candidate.startsWith(name))
                        .findFirst();
    }

    /** Optimal string alignment: insertions, deletions, replacements and swaps of neighbours. */
    private static int distance(String a, String b) {
        int[][] cost = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            cost[i][0] = i;
        }
        for (int j = 0; j <= b.length(); j++) {
            cost[0][j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            for (int j = 1; j <= b.length(); j++) {
                int replaced = cost[i - 1][j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                cost[i][j] = Math.min(replaced, Math.min(cost[i - 1][j], cost[i][j - 1]) + 1);
                if (i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1)) {
                    cost[i][j] = Math.min(cost[i][j], cost[i - 2][j - 2] + 1);
                }
            }
        }
        return cost[a.length()][b.length()];
    }
}
