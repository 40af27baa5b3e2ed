package dev.trellis.providers.httpserver;

import java.net.Inet6Address;
import java.net.InetAddress;

/** An IP address and a TCP port to listen on. Port 0 means any free port. */
record ListenAddress(InetAddress host, int port) {
    ListenAddress {
        if (port < 0 || port > 65535) {
            throw new IllegalArgumentException("port must be a whole number from 0 to 65535, was " + port);
        }
    }

    /**
     * The address that {@code text} names: {@code ip:port}, {@code [ipv6]:port} or {@code localhost:port}.
     *
     * @throws IllegalArgumentException that names {@code key}, the value and what was expected
     */
    static ListenAddress parse(String key, String text) {
        String value = text.strip();
        int colon = value.lastIndexOf(':');
        if (colon < 1 || (value.indexOf(':') != colon && !value.startsWith("["))) {
            throw new IllegalArgumentException(
                    "%s must read ip:port, such as 127.0.0.1:8000 or [::1]:8000, was '%s'".formatted(key, text));
        }
        return new ListenAddress(host(key, value.substring(0, colon)), port(key, value.substring(colon + 1), text));
    }

    /**
     * The IP address that {@code text} is; no name but {@code localhost} is looked up.
     *
     * @throws IllegalArgumentException that names {@code key} and the value
     */
    static InetAddress host(String key, String text) {
        String value = text.strip();
        if (value.equalsIgnoreCase("localhost")) {
            return InetAddress.ofLiteral("127.0.0.1");
        }
        boolean bracketed = value.startsWith("[") && value.endsWith("]");
        try {
            return InetAddress.ofLiteral(bracketed ? value.substring(1, value.length() - 1) : value);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "%s must hold an IP address of this machine (0.0.0.0 for all), was '%s'".formatted(key, text), e);
        }
    }

    private static int port(String key, String digits, String text) {
        try {
            int port = Integer.parseInt(digits);
            if (port >= 0 && port <= 65535) {
                return port;
            }
        } catch (NumberFormatException e) {
            // told below, with the range
        }
        throw new IllegalArgumentException(
                "%s must end with a port from 0 to 65535, as in 127.0.0.1:8000, was '%s'".formatted(key, text));
    }

    @Override
    public String toString() {
        String literal = host.getHostAddress();
        return host instanceof Inet6Address ? "[" + literal + "]:" + port : literal + ":" + port;
    }
}
