package dev.trellis.lattice.transport;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Values filed under subject patterns, found by subject. Not safe for concurrent use. */
final class SubjectTrie<T> {
    private static final class Node<T> {
        final Map<String, Node<T>> children = new HashMap<>();
        final List<T> values = new ArrayList<>();
        /** Values of the pattern that ends with {@code >} here: they take one or more further tokens. */
        final List<T> tails = new ArrayList<>();

        boolean empty() {
            return children.isEmpty() && values.isEmpty() && tails.isEmpty();
        }
    }

    private final Node<T> root = new Node<>();

    void add(String pattern, T value) {
        Node<T> node = root;
        for (String token : tokens(pattern)) {
            if (token.equals(">")) {
                node.tails.add(value);
                return;
            }
            node = node.children.computeIfAbsent(token, _ -> new Node<>());
        }
        node.values.add(value);
    }

    void remove(String pattern, T value) {
        remove(root, tokens(pattern), 0, value);
    }

    private void remove(Node<T> node, String[] tokens, int depth, T value) {
        if (depth == tokens.length) {
            node.values.remove(value);
        } else if (tokens[depth].equals(">")) {
            node.tails.remove(value);
        } else {
            Node<T> child = node.children.get(tokens[depth]);
            if (child != null) {
                remove(child, tokens, depth + 1, value);
                if (child.empty()) {
                    node.children.remove(tokens[depth]);
                }
            }
        }
    }

    /** All values whose pattern matches {@code subject}. */
    List<T> match(String subject) {
        List<T> found = new ArrayList<>();
        match(root, tokens(subject), 0, found);
        return found;
    }

    private void match(@Nullable Node<T> node, String[] tokens, int depth, List<T> found) {
        if (node == null) {
            return;
        }
        if (depth == tokens.length) {
            found.addAll(node.values);
            return;
        }
        found.addAll(node.tails);
        match(node.children.get(tokens[depth]), tokens, depth + 1, found);
        match(node.children.get("*"), tokens, depth + 1, found);
    }

    private static String[] tokens(String subject) {
        return subject.split("\\.", -1);
    }
}
