package dev.trellis.lattice.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class PermissionsTest {
    private static final Subjects SUBJECTS = Subjects.of(LatticeName.DEFAULT);

    /** Names of queue groups, and parts of subjects: nobody sends there. */
    private static final Set<String> NO_SUBJECTS = Set.of("controlSuffix", "controlQueue", "control");

    @Test
    void permissions_everySubject_someRoleSendsAndSomeRoleReceives() throws Exception {
        for (Method method : Subjects.class.getMethods()) {
            if (method.getReturnType() != String.class
                    || method.getDeclaringClass() != Subjects.class
                    || Modifier.isStatic(method.getModifiers())
                    || NO_SUBJECTS.contains(method.getName())) {
                continue;
            }
            Object[] arguments = Arrays.stream(method.getParameterTypes())
                    .map(PermissionsTest::sample)
                    .toArray();
            String subject = (String) method.invoke(SUBJECTS, arguments);
            boolean bucket = method.getName().endsWith("Bucket");
            String sent = bucket ? "$KV." + subject + ".key" : subject;
            assertThat(Role.values())
                    .as(
                            "Subjects.%s: some role must be allowed to send to %s in Subjects.permissions, and roles.conf of"
                                    + " manifests/edge-shop/nats must say the same",
                            method.getName(), sent)
                    .anyMatch(role -> SUBJECTS.permissions(role).mayPublish(sent));
            // The status of an application is for programs of others; stores are read by requests.
            if (!bucket && !method.getName().equals("applicationStatus")) {
                assertThat(Role.values())
                        .as("Subjects.%s: some role must be allowed to subscribe to %s", method.getName(), subject)
                        .anyMatch(role -> SUBJECTS.permissions(role).maySubscribe(subject));
            }
        }
    }

    private static Object sample(Class<?> type) {
        if (type == String.class) {
            return "sample";
        } else if (type == HostId.class) {
            return new HostId("NSAMPLE");
        } else if (type == EntityId.class) {
            return new EntityId("sample-actor");
        }
        throw new AssertionError("give PermissionsTest a sample of " + type);
    }

    @Test
    void permissions_replies_areReadByTheirRoleOnly() {
        for (Role role : Role.values()) {
            for (Role other : Role.values()) {
                assertThat(SUBJECTS.permissions(role).maySubscribe(other.inboxPrefix() + ".x.1"))
                        .as("%s reads replies to %s", role, other)
                        .isEqualTo(role == other);
            }
        }
    }

    @Test
    void permissions_otherLattice_isClosed() {
        Subjects other = Subjects.of(new LatticeName("other"));
        for (Role role : Role.values()) {
            Permissions permissions = SUBJECTS.permissions(role);
            assertThat(List.of(
                            other.control("host.get.N1"), other.event("x"), "$KV." + other.latticeDataBucket() + ".k"))
                    .noneMatch(permissions::mayPublish);
            assertThat(List.of(other.beats(), other.events(), other.applications()))
                    .noneMatch(permissions::maySubscribe);
        }
    }

    @Test
    void mayPublish_patterns_coverWhatTheySay() {
        var permissions = new Permissions(List.of("a.*.c", "x.>", "exact"), List.of());
        assertThat(List.of("a.b.c", "a.*.c", "x.y", "x.y.>", "exact")).allMatch(permissions::mayPublish);
        assertThat(List.of("a.b", "a.b.c.d", "a.>", "x", "exact.x", ">", "a.b.>"))
                .noneMatch(permissions::mayPublish);
    }

    @Test
    void rolesConf_grantsWhatSubjectsSay() throws IOException {
        Path file = Path.of(System.getProperty("trellis.root", "../..")).resolve("manifests/edge-shop/nats/roles.conf");
        String granted = Files.readString(file)
                .lines()
                .filter(line -> !line.isBlank() && !line.startsWith("#"))
                .collect(Collectors.joining("\n"));

        assertThat(granted).as("%s, without its comments", file).isEqualTo(rolesConf());
    }

    private static String rolesConf() {
        var text = new StringBuilder("authorization {\n  users: [\n");
        for (Role role : Role.values()) {
            Permissions permissions = SUBJECTS.permissions(role);
            text.append("    {\n      user: %s, password: $TRELLIS_%s_PASSWORD\n      permissions: {\n"
                    .formatted(role.label(), role));
            append(text, "publish", permissions.publish());
            append(text, "subscribe", permissions.subscribe());
            text.append("      }\n    }\n");
        }
        return text.append("  ]\n}").toString();
    }

    private static void append(StringBuilder text, String what, List<String> subjects) {
        text.append("        ").append(what).append(": [\n");
        subjects.forEach(subject -> text.append("          \"").append(subject).append("\"\n"));
        text.append("        ]\n");
    }
}
