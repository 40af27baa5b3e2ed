package dev.trellis.host.component;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Set;

/** Bounds on types, and how they are measured. */
final class Types {
    /** A type has at most this many nodes when it is written out as a tree. */
    static final long TREE_SIZE_MAX = 1_000_000;

    /** Sums stop here, above the limit and far below overflow. */
    static final long TREE_SIZE_CAP = 1L << 40;

    /** Walks over types are recursive; so are the adapters that will be built from them. */
    static final int DEPTH_MAX = 100;

    private Types() {}

    /** With its article. */
    static String a(Object noun) {
        String text = noun.toString();
        return ("aeiou".indexOf(text.charAt(0)) >= 0 ? "an " : "a ") + text;
    }

    static long treeSize(Map<String, ExternType> externs) {
        long size = 1;
        for (ExternType extern : externs.values()) {
            size = Math.min(TREE_SIZE_CAP, size + 1 + extern.treeSize());
        }
        return size;
    }

    static int depth(Map<String, ExternType> externs) {
        int depth = 0;
        for (ExternType extern : externs.values()) {
            depth = Math.max(depth, extern.depth());
        }
        return depth + 1;
    }

    static <T> Set<T> identities(Set<T> set) {
        Set<T> copy = Collections.newSetFromMap(new IdentityHashMap<>());
        copy.addAll(set);
        return Collections.unmodifiableSet(copy);
    }
}
