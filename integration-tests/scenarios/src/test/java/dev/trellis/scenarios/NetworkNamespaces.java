package dev.trellis.scenarios;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Sites as network namespaces of Linux, joined by a router in one of its own, so that a site can be cut off without its
 * processes seeing more than silence. The test itself reaches every site by a way that is never cut. Needs root and
 * {@code ip} of iproute2. Ended by {@link #close()}; what a killed run left behind is ended by the next one.
 */
final class NetworkNamespaces implements AutoCloseable {
    private static final String PREFIX = "trellis-";
    private static final Pattern NAME = Pattern.compile("(trellis-(\\d+)-[a-z]+)\\b.*");
    private static final String ROUTER = "router";
    private static final long COMMAND_SECONDS_MAX = 20;

    private final long run = ProcessHandle.current().pid();
    private final String network = "10.77." + run % 250 + ".";
    private final Map<String, Integer> sites = new LinkedHashMap<>();

    private NetworkNamespaces() {}

    /** Why this machine cannot have them; empty if it can. */
    static Optional<String> missing() throws InterruptedException {
        String probe = PREFIX + ProcessHandle.current().pid() + "-probe";
        try {
            ip("netns", "add", probe);
            ip("netns", "del", probe);
            return Optional.empty();
        } catch (IOException e) {
            return Optional.of(
                    "network namespaces need root and ip of iproute2 (./verify provides it): " + e.getMessage());
        }
    }

    /** Sites with these names, letters only. */
    static NetworkNamespaces create(String... names) throws IOException, InterruptedException {
        endLeftovers();
        var namespaces = new NetworkNamespaces();
        try {
            namespaces.add(ROUTER);
            namespaces.in(ROUTER, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward");
            for (String name : names) {
                namespaces.addSite(name);
            }
            return namespaces;
        } catch (IOException | InterruptedException | RuntimeException e) {
            namespaces.close();
            throw e;
        }
    }

    private static void endLeftovers() throws IOException, InterruptedException {
        for (String line : ip("netns", "list").lines().toList()) {
            var matcher = NAME.matcher(line);
            if (matcher.matches()
                    && ProcessHandle.of(Long.parseLong(matcher.group(2)))
                            .filter(ProcessHandle::isAlive)
                            .isEmpty()) {
                delete(matcher.group(1));
            }
        }
    }

    private void add(String name) throws IOException, InterruptedException {
        ip("netns", "add", namespace(name));
        ip("-n", namespace(name), "link", "set", "lo", "up");
    }

    private void addSite(String name) throws IOException, InterruptedException {
        int number = sites.size();
        sites.put(name, number);
        add(name);
        String toRouter = namespace(name);
        join(namespace(ROUTER), "r" + number, address(number, 1), toRouter, "uplink", address(number, 2));
        ip("-n", toRouter, "route", "add", network + "0/25", "via", address(number, 1));
        join(null, interfaceOfTest(number), address(number, 129), toRouter, "totest", address(number, 130));
    }

    private void join(
            @Nullable String left,
            String leftLink,
            String leftAddress,
            String right,
            String rightLink,
            String rightAddress)
            throws IOException, InterruptedException {
        String temporary = interfaceOfTest(9) + "t";
        ip("link", "add", temporary, "type", "veth", "peer", "name", rightLink, "netns", right);
        if (left != null) {
            ip("link", "set", temporary, "netns", left, "name", leftLink);
        } else {
            ip("link", "set", temporary, "name", leftLink);
        }
        configure(left, leftLink, leftAddress);
        configure(right, rightLink, rightAddress);
    }

    private static void configure(@Nullable String namespace, String link, String address)
            throws IOException, InterruptedException {
        List<String> where = namespace == null ? List.of() : List.of("-n", namespace);
        ip(concat(where, List.of("addr", "add", address + "/30", "dev", link)));
        ip(concat(where, List.of("link", "set", link, "up")));
    }

    /** Each site has two networks of four addresses: to the router, and, 128 higher, to the test. */
    private String address(int number, int host) {
        return network + (4 * number + host);
    }

    private String interfaceOfTest(int number) {
        return "tr" + run % 100_000 + "s" + number;
    }

    private String namespace(String name) {
        return PREFIX + run + "-" + name;
    }

    /** Address of a site for other sites: the way that can be cut. */
    String address(String site) {
        return address(number(site), 2);
    }

    /** Address of a site for the test. */
    String addressForTest(String site) {
        return address(number(site), 130);
    }

    /** Address of the test for a site. */
    String addressOfTest(String site) {
        return address(number(site), 129);
    }

    private int number(String site) {
        return Objects.requireNonNull(sites.get(site), site);
    }

    /** The words with which a command begins that is to run at a site. */
    List<String> at(String site) {
        return List.of("ip", "netns", "exec", namespace(site));
    }

    /** The interface goes down, as when a cable is pulled. Undone by {@link #plug}. */
    void unplug(String site) throws IOException, InterruptedException {
        ip("-n", namespace(ROUTER), "link", "set", "r" + number(site), "down");
    }

    void plug(String site) throws IOException, InterruptedException {
        ip("-n", namespace(ROUTER), "link", "set", "r" + number(site), "up");
    }

    /** Packets from and to the site are lost without a word. Undone by {@link #hear}. */
    void silence(String site) throws IOException, InterruptedException {
        ip("-n", namespace(ROUTER), "route", "add", "blackhole", address(site) + "/32");
        ip("-n", namespace(ROUTER), "rule", "add", "from", address(site), "blackhole");
    }

    void hear(String site) throws IOException, InterruptedException {
        ip("-n", namespace(ROUTER), "route", "del", "blackhole", address(site) + "/32");
        ip("-n", namespace(ROUTER), "rule", "del", "from", address(site), "blackhole");
    }

    private void in(String site, String... command) throws IOException, InterruptedException {
        run(concat(at(site), List.of(command)));
    }

    private static String ip(String... words) throws IOException, InterruptedException {
        return ip(List.of(words));
    }

    private static String ip(List<String> words) throws IOException, InterruptedException {
        return run(concat(List.of("ip"), words));
    }

    private static List<String> concat(List<String> first, List<String> second) {
        var all = new ArrayList<>(first);
        all.addAll(second);
        return all;
    }

    private static String run(List<String> command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        if (!process.waitFor(COMMAND_SECONDS_MAX, TimeUnit.SECONDS) || process.exitValue() != 0) {
            process.destroyForcibly();
            throw new IOException(String.join(" ", command) + ": " + said);
        }
        return said;
    }

    /** Kills what runs in a namespace, and deletes it with its interfaces. */
    private static void delete(String namespace) throws IOException, InterruptedException {
        for (String pid : Arrays.asList(ip("netns", "pids", namespace).split("\\s+", -1))) {
            if (!pid.isEmpty()) {
                ProcessHandle.of(Long.parseLong(pid)).ifPresent(ProcessHandle::destroyForcibly);
            }
        }
        ip("netns", "del", namespace);
    }

    @Override
    public void close() {
        var all = new ArrayList<>(sites.keySet());
        all.add(ROUTER);
        for (String name : all) {
            try {
                delete(namespace(name));
            } catch (IOException e) {
                System.err.println("could not delete a network namespace: " + e.getMessage());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return; // the next run ends what is left
            }
        }
    }
}
