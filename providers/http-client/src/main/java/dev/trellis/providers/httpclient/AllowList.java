package dev.trellis.providers.httpclient;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * The origins that the actor of a link may call. Empty allows nothing.
 *
 * <p>An entry allows the public addresses of its host. Internal addresses take more: an entry whose host is an address
 * allows that very address, and an exact host name followed by {@code private} allows the internal ones behind the name.
 * Link-local and metadata addresses are allowed by an address only, never by a name: DNS answers for names.
 */
record AllowList(List<Entry> entries) {
    /** Entries of one list; more are refused. */
    static final int ENTRIES_MAX = 256;

    private static final String PRIVATE = "private";
    private static final String WILDCARD = "*.";

    AllowList {
        entries = List.copyOf(entries);
    }

    /** One allowed origin, or those of all subdomains. */
    sealed interface Entry {
        boolean matches(Origin origin);

        boolean allows(AddressKind kind);
    }

    /** @param internal whether the name may lead to internal addresses */
    private record Exact(Origin origin, boolean internal) implements Entry {
        @Override
        public boolean matches(Origin other) {
            return origin.equals(other);
        }

        @Override
        public boolean allows(AddressKind kind) {
            return switch (kind) {
                case PUBLIC -> true;
                case INTERNAL -> internal || origin.host() instanceof UrlHost.Address;
                case METADATA -> origin.host() instanceof UrlHost.Address;
                case UNUSABLE -> false;
            };
        }

        @Override
        public String toString() {
            return origin + (internal ? " " + PRIVATE : "");
        }
    }

    /** @param parent the domain, which is not allowed itself */
    private record Subdomains(Origin parent) implements Entry {
        @Override
        public boolean matches(Origin other) {
            return other.secure() == parent.secure()
                    && other.port() == parent.port()
                    && other.host() instanceof UrlHost.Name(String name)
                    && name.endsWith("." + parent.host().text());
        }

        @Override
        public boolean allows(AddressKind kind) {
            return kind == AddressKind.PUBLIC;
        }

        @Override
        public String toString() {
            return parent.toString().replace("://", "://" + WILDCARD);
        }
    }

    /**
     * Reads entries with commas or line breaks between them.
     *
     * @throws IllegalArgumentException that names the entry and what was expected
     */
    static AllowList parse(String text) {
        var entries = new ArrayList<Entry>();
        for (String part : text.split("[,\\n]", -1)) {
            if (!part.isBlank()) {
                entries.add(entry(part.strip()));
            }
            if (entries.size() > ENTRIES_MAX) {
                throw new IllegalArgumentException("allow must have at most " + ENTRIES_MAX + " entries");
            }
        }
        return new AllowList(entries);
    }

    private static Entry entry(String text) {
        String[] words = text.split("\\s+", -1);
        boolean internal = words.length == 2 && words[1].equals(PRIVATE);
        if (words.length > 1 && !internal) {
            throw refused(text, "must be an origin, or an origin and the word " + PRIVATE);
        }
        String url = words[0].toLowerCase(Locale.ROOT);
        boolean secure = url.startsWith("https://");
        if (!secure && !url.startsWith("http://")) {
            throw refused(text, "must begin with http:// or https://");
        }
        String authority = words[0].substring(secure ? 8 : 7);
        if (authority.indexOf('/') >= 0 || authority.indexOf('?') >= 0 || authority.indexOf('#') >= 0) {
            throw refused(text, "must end after host and port; paths cannot be allowed one by one");
        }
        boolean subdomains = authority.startsWith(WILDCARD);
        Origin origin;
        try {
            origin = HttpUrl.origin(secure, subdomains ? authority.substring(WILDCARD.length()) : authority);
        } catch (IllegalArgumentException e) {
            throw refused(text, String.valueOf(e.getMessage()));
        }
        if (subdomains) {
            if (internal) {
                throw refused(text, "must name one host to be " + PRIVATE + "; a wildcard stands for public ones only");
            }
            if (!(origin.host() instanceof UrlHost.Name(String name)) || name.indexOf('.') < 0) {
                throw refused(text, "must name a domain of two labels at least after '*.', such as *.example.com");
            }
            return new Subdomains(origin);
        }
        if (origin.host() instanceof UrlHost.Address(var address)) {
            if (AddressKind.of(address) == AddressKind.UNUSABLE) {
                throw refused(text, "is an address that no request can be sent to");
            }
            if (internal) {
                throw refused(text, "needs no '" + PRIVATE + "': an address allows itself");
            }
        }
        return new Exact(origin, internal);
    }

    private static IllegalArgumentException refused(String entry, String expectation) {
        return new IllegalArgumentException("allow entry '" + HttpSyntax.shown(entry) + "' " + expectation);
    }

    /** Whether requests to {@code origin} are allowed, as far as its addresses are. */
    boolean allows(Origin origin) {
        return entries.stream().anyMatch(entry -> entry.matches(origin));
    }

    /** Whether a request to {@code origin} may go to an address of this kind. */
    boolean allows(Origin origin, AddressKind kind) {
        return entries.stream().anyMatch(entry -> entry.matches(origin) && entry.allows(kind));
    }

    @Override
    public String toString() {
        return entries.stream().map(Entry::toString).collect(Collectors.joining(", "));
    }
}
