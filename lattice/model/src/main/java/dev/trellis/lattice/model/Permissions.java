package dev.trellis.lattice.model;

import java.util.List;

/**
 * The subjects that a NATS server lets a role use, no more than its code does. Patterns may hold {@code *} and {@code >}.
 *
 * <p>The control interface, replies and the JetStream API are all subjects; a store of the lattice is the stream
 * {@code KV_{bucket}} with the subjects {@code $KV.{bucket}.{key}} (NATS ADR-8). Who may make consumers of a stream can
 * have its messages delivered to any subject, since the server sends them: so those are left to roles that watch.
 *
 * @param publish patterns of what it may publish or ask, sorted
 * @param subscribe patterns of what it may subscribe to, sorted
 */
public record Permissions(List<String> publish, List<String> subscribe) {
    public Permissions {
        publish = publish.stream().distinct().sorted().toList();
        subscribe = subscribe.stream().distinct().sorted().toList();
    }

    /** Whether it may publish to all of {@code subject}, which may be a pattern. */
    public boolean mayPublish(String subject) {
        return publish.stream().anyMatch(allowed -> covers(allowed, subject));
    }

    /** Whether it may subscribe to all of {@code pattern}. */
    public boolean maySubscribe(String pattern) {
        return subscribe.stream().anyMatch(allowed -> covers(allowed, pattern));
    }

    private static boolean covers(String allowed, String subject) {
        String[] wide = allowed.split("\\.", -1);
        String[] narrow = subject.split("\\.", -1);
        for (int i = 0; i < wide.length; i++) {
            if (wide[i].equals(">")) {
                return narrow.length > i;
            }
            if (i == narrow.length || narrow[i].equals(">") || !(wide[i].equals("*") || wide[i].equals(narrow[i]))) {
                return false;
            }
        }
        return wide.length == narrow.length;
    }
}
