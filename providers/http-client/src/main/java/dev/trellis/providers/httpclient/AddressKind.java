package dev.trellis.providers.httpclient;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;

/** How far an IP address reaches, and so what it takes to send a request there. */
enum AddressKind {
    /** Of the public internet: reached by any name that the allow-list allows. */
    PUBLIC,
    /** Private, loopback, shared (CGNAT), unique-local, for documentation or benchmarks: the host must be named. */
    INTERNAL,
    /** Link-local, or where clouds serve a machine's own credentials: the address itself must be named. */
    METADATA,
    /** Unspecified, multicast, broadcast, reserved: never. */
    UNUSABLE;

    private static final List<Range> RANGES_V4 = List.of(
            new Range("0.0.0.0", 8, UNUSABLE),
            new Range("10.0.0.0", 8, INTERNAL),
            new Range("100.100.100.200", 32, METADATA), // Alibaba
            new Range("100.64.0.0", 10, INTERNAL),
            new Range("127.0.0.0", 8, INTERNAL),
            new Range("168.63.129.16", 32, METADATA), // Azure, though the address is a public one
            new Range("169.254.0.0", 16, METADATA),
            new Range("172.16.0.0", 12, INTERNAL),
            new Range("192.0.0.0", 24, METADATA), // Oracle has its metadata here
            new Range("192.0.2.0", 24, INTERNAL),
            new Range("192.88.99.0", 24, INTERNAL),
            new Range("192.168.0.0", 16, INTERNAL),
            new Range("198.18.0.0", 15, INTERNAL),
            new Range("198.51.100.0", 24, INTERNAL),
            new Range("203.0.113.0", 24, INTERNAL),
            new Range("224.0.0.0", 3, UNUSABLE));

    private static final List<Range> RANGES_V6 = List.of(
            new Range("::1", 128, INTERNAL),
            new Range("64:ff9b:1::", 48, METADATA), // NAT64 of a network's own: any IPv4 address may be behind it
            new Range("2001::", 23, UNUSABLE), // Teredo and other protocols that hide an IPv4 address
            new Range("2001:db8::", 32, INTERNAL),
            new Range("3fff::", 20, INTERNAL),
            new Range("fd00:ec2::254", 128, METADATA), // Amazon
            new Range("fd20:ce::254", 128, METADATA), // Google
            new Range("fc00::", 7, INTERNAL),
            new Range("fe80::", 10, METADATA),
            new Range("fec0::", 10, INTERNAL),
            new Range("2000::", 3, PUBLIC)); // what is not in a range is none of today's internet

    /** The addresses that begin with the same bits. */
    private static final class Range {
        private final byte[] prefix;
        private final int bits;
        private final AddressKind kind;

        Range(String prefix, int bits, AddressKind kind) {
            this(InetAddress.ofLiteral(prefix).getAddress(), bits, kind);
        }

        Range(byte[] prefix, int bits, AddressKind kind) {
            this.prefix = prefix;
            this.bits = bits;
            this.kind = kind;
        }

        boolean contains(byte[] address) {
            for (int bit = 0; bit < bits; bit += 8) {
                int mask = bits - bit >= 8 ? 0xff : 0xff << (8 - (bits - bit));
                if (((prefix[bit / 8] ^ address[bit / 8]) & mask) != 0) {
                    return false;
                }
            }
            return true;
        }
    }

    private static final Range MAPPED = new Range(mappedPrefix(), 96, UNUSABLE);
    private static final Range NAT64 = new Range("64:ff9b::", 96, UNUSABLE);
    private static final Range SIX_TO_FOUR = new Range("2002::", 16, UNUSABLE);

    private static byte[] mappedPrefix() {
        byte[] prefix = new byte[16]; // written as text it would be read as an IPv4 address
        prefix[10] = (byte) 0xff;
        prefix[11] = (byte) 0xff;
        return prefix;
    }

    /** The kind of {@code address}; of the IPv4 address inside, for IPv6 addresses that carry one. */
    static AddressKind of(InetAddress address) {
        return of(address.getAddress());
    }

    private static AddressKind of(byte[] address) {
        if (address.length == 4) {
            return find(RANGES_V4, address, PUBLIC);
        }
        if (MAPPED.contains(address) || NAT64.contains(address)) {
            return inside(address, 12);
        }
        if (SIX_TO_FOUR.contains(address)) {
            return inside(address, 2);
        }
        AddressKind kind = find(RANGES_V6, address, UNUSABLE);
        boolean isatap =
                (address[8] & ~0x02) == 0 && address[9] == 0 && address[10] == 0x5e && address[11] == (byte) 0xfe;
        if (kind == PUBLIC && isatap) {
            return inside(address, 12);
        }
        return kind;
    }

    private static AddressKind inside(byte[] address, int at) {
        return of(new byte[] {address[at], address[at + 1], address[at + 2], address[at + 3]});
    }

    private static AddressKind find(List<Range> ranges, byte[] address, AddressKind otherwise) {
        for (Range range : ranges) {
            if (range.contains(address)) {
                return range.kind;
            }
        }
        return otherwise;
    }

    /** What {@code address} is, for people. */
    static String describe(InetAddress address) {
        return address.getHostAddress()
                + switch (of(address)) {
                    case PUBLIC -> " (public)";
                    case INTERNAL -> " (private, loopback or otherwise internal)";
                    case METADATA -> " (link-local or of a cloud's metadata)";
                    case UNUSABLE -> " (unspecified, multicast or reserved)";
                };
    }

    /** {@code address} without a name, so that nothing can look it up again. */
    static InetAddress bare(InetAddress address) {
        try {
            return InetAddress.getByAddress(address.getAddress());
        } catch (UnknownHostException e) {
            throw new IllegalStateException("address of another length than 4 or 16: " + address, e);
        }
    }
}
