package dev.trellis.wadm.server;

import dev.trellis.lattice.model.ContractId;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.LinkKey;
import dev.trellis.lattice.model.LinkName;
import dev.trellis.lattice.model.WireJson;
import dev.trellis.wadm.core.Ownership;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What the journal and the lattice's manifest store hold, as JSON. */
sealed interface CatalogRecord {
    /** Key of this record in the manifest store. */
    String key();

    /** A version of an application, as it was put. Never changes. */
    record ManifestText(String application, long sequence, String version, String description, String text)
            implements CatalogRecord {
        static final String KEY_PREFIX = "MANIFEST.";

        @Override
        public String key() {
            return key(application, sequence);
        }

        static String key(String application, long sequence) {
            return KEY_PREFIX + application + "." + sequence;
        }

        @Override
        public String toString() {
            return "ManifestText[" + application + ", " + sequence + ", " + version + "]";
        }
    }

    /**
     * An application: which versions it has and which of them runs. Without versions it has been deleted, and is
     * remembered so that what is left of it can be removed.
     *
     * @param versions sequences in the order of creation
     * @param deployed sequence of the version that is to run
     */
    record Head(
            String application,
            Stamp stamp,
            long lastSequence,
            List<Long> versions,
            @Nullable Long deployed,
            List<OwnedLink> links,
            List<String> configs)
            implements CatalogRecord {
        static final String KEY_PREFIX = "APP.";

        public Head {
            versions = List.copyOf(versions);
            links = links == null ? List.of() : List.copyOf(links);
            configs = configs == null ? List.of() : List.copyOf(configs);
        }

        @Override
        public String key() {
            return key(application);
        }

        static String key(String application) {
            return KEY_PREFIX + application;
        }

        Ownership ownership() {
            return new Ownership(
                    application, links.stream().map(OwnedLink::toKey).collect(Collectors.toSet()), Set.copyOf(configs));
        }

        Head with(Ownership ownership) {
            return new Head(
                    application,
                    stamp,
                    lastSequence,
                    versions,
                    deployed,
                    ownership.links().stream()
                            .map(OwnedLink::of)
                            .sorted(Comparator.comparing(OwnedLink::toString))
                            .toList(),
                    ownership.configs().stream().sorted().toList());
        }
    }

    /** A link that an application may have stored. */
    record OwnedLink(String source, String contract, String name) {
        static OwnedLink of(LinkKey key) {
            return new OwnedLink(
                    key.source().value(), key.contract().value(), key.name().value());
        }

        LinkKey toKey() {
            return new LinkKey(new EntityId(source), new ContractId(contract), new LinkName(name));
        }
    }

    /** A journal line: one of both. */
    record Line(@Nullable ManifestText manifest, @Nullable Head head) {}

    /** The bytes of a journal record. */
    static byte[] write(CatalogRecord record) {
        return WireJson.write(
                switch (record) {
                    case ManifestText manifest -> new Line(manifest, null);
                    case Head head -> new Line(null, head);
                });
    }

    /**
     * The record in {@code bytes}.
     *
     * @throws IllegalArgumentException if they hold none
     */
    static CatalogRecord read(byte[] bytes) {
        Line line = WireJson.read(bytes, Line.class);
        if (line.manifest() != null) {
            return line.manifest();
        }
        if (line.head() != null) {
            return line.head();
        }
        throw new IllegalArgumentException(
                "a record has neither manifest nor head; was it written by a newer Trellis?");
    }
}
