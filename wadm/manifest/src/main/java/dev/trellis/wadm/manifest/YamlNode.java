package dev.trellis.wadm.manifest;

import java.util.List;

/** A part of a YAML document: plain data with its place, no tags, no references left. */
sealed interface YamlNode {
    /** Characters of text that count as much as a node. */
    int CELL_LENGTH = 64;

    /** Where it is used; an alias, not the anchor that it stands for. */
    Position position();

    /** Its size once every alias is written out: 1 for each node, and 1 for every {@value #CELL_LENGTH} characters. */
    int size();

    /** Levels in it, itself included. */
    int height();

    /** The same node, used elsewhere. */
    YamlNode at(Position elsewhere);

    /** What a message calls it. */
    String describe();

    /** What a scalar would be for a YAML 1.1 reader. */
    enum Kind {
        STRING("string"),
        INTEGER("number"),
        FLOAT("number"),
        BOOLEAN("boolean"),
        DATE("date"),
        NULL("null");

        private final String noun;

        Kind(String noun) {
            this.noun = noun;
        }
    }

    /** A scalar: its text as written (quotes and escapes resolved). */
    record Scalar(Position position, Kind kind, String text) implements YamlNode {
        @Override
        public int size() {
            return 1 + text.length() / CELL_LENGTH;
        }

        @Override
        public int height() {
            return 1;
        }

        @Override
        public Scalar at(Position elsewhere) {
            return new Scalar(elsewhere, kind, text);
        }

        @Override
        public String describe() {
            return kind == Kind.NULL ? "nothing (null)" : "the " + kind.noun + " " + Problems.quote(text);
        }
    }

    /** A list. */
    record Sequence(Position position, List<YamlNode> items, int size, int height) implements YamlNode {
        public Sequence {
            items = List.copyOf(items);
        }

        @Override
        public Sequence at(Position elsewhere) {
            return new Sequence(elsewhere, items, size, height);
        }

        @Override
        public String describe() {
            return items.isEmpty() ? "an empty list" : "a list";
        }
    }

    /** A mapping; keys are unique strings. */
    record Mapping(Position position, List<Entry> entries, int size, int height) implements YamlNode {
        public Mapping {
            entries = List.copyOf(entries);
        }

        @Override
        public Mapping at(Position elsewhere) {
            return new Mapping(elsewhere, entries, size, height);
        }

        @Override
        public String describe() {
            return entries.isEmpty() ? "an empty mapping" : "a mapping";
        }
    }

    /** A key of a mapping with its value. */
    record Entry(Position keyPosition, String key, YamlNode value) {}
}
