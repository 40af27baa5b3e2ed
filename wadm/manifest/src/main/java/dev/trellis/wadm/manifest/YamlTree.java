package dev.trellis.wadm.manifest;

import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CharsetEncoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.DumperOptions.ScalarStyle;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.events.AliasEvent;
import org.yaml.snakeyaml.events.DocumentStartEvent;
import org.yaml.snakeyaml.events.Event;
import org.yaml.snakeyaml.events.MappingEndEvent;
import org.yaml.snakeyaml.events.MappingStartEvent;
import org.yaml.snakeyaml.events.NodeEvent;
import org.yaml.snakeyaml.events.ScalarEvent;
import org.yaml.snakeyaml.events.SequenceEndEvent;
import org.yaml.snakeyaml.events.SequenceStartEvent;
import org.yaml.snakeyaml.events.StreamEndEvent;
import org.yaml.snakeyaml.events.StreamStartEvent;
import org.yaml.snakeyaml.nodes.NodeId;
import org.yaml.snakeyaml.nodes.Tag;
import org.yaml.snakeyaml.parser.ParserImpl;
import org.yaml.snakeyaml.reader.StreamReader;
import org.yaml.snakeyaml.resolver.Resolver;

/**
 * Reads one YAML (or JSON) document into {@link YamlNode}s. Everything is bounded: bytes, depth, and nodes after aliases
 * are written out.
 */
final class YamlTree {
    /*
     * SnakeYAML's parser gives events; its composer is not used. Composing here keeps the place of every alias, refuses
     * tags, duplicate keys and bombs where they stand, and never builds more than the bounds allow: an alias adds the
     * written-out size of what it stands for, which each node carries, so a bomb is noticed at the alias that exceeds
     * the bound without writing anything out. An anchor is known only after its node ended, so no node contains itself.
     */

    /** A longer document is refused unread. */
    static final int DOCUMENT_BYTES_MAX = 1 << 20;

    /** Deepest nesting; a manifest needs about ten levels. */
    static final int DEPTH_MAX = 32;

    /** Largest {@link YamlNode#size} of a document, aliases written out: about 3 MB of text or 50,000 short values. */
    static final int SIZE_MAX = 50_000;

    /** A longer plain scalar is a string without asking SnakeYAML's expressions for numbers and dates. */
    private static final int RESOLVED_LENGTH_MAX = 128;

    private static final Pattern INDENT = Pattern.compile("(?m)^[ \t]+");

    private static final Resolver RESOLVER = new Resolver();

    private final ParserImpl parser;
    private final Problems problems;
    private final CharsetEncoder encoder = StandardCharsets.UTF_8.newEncoder();
    private final Map<String, YamlNode> anchors = new HashMap<>();
    private int size;

    private YamlTree(String text, Problems problems) {
        var options = new LoaderOptions();
        options.setCodePointLimit(DOCUMENT_BYTES_MAX);
        options.setProcessComments(false);
        this.parser = new ParserImpl(new StreamReader(new StringReader(text)), options);
        this.problems = problems;
    }

    /**
     * The text of a document.
     *
     * @throws InvalidManifestException if it is too long, not UTF-8, or has characters that YAML forbids
     */
    static String decode(String file, byte[] bytes) throws InvalidManifestException {
        if (bytes.length > DOCUMENT_BYTES_MAX) {
            throw new Problems(file, "")
                    .fatal(
                            Position.START,
                            Path.ROOT,
                            "the file has " + bytes.length + " bytes",
                            "a manifest of at most " + DOCUMENT_BYTES_MAX + " bytes");
        }
        CharsetDecoder decoder = StandardCharsets.UTF_8
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT);
        CharBuffer decoded = CharBuffer.allocate(bytes.length);
        ByteBuffer input = ByteBuffer.wrap(bytes);
        CoderResult result = decoder.decode(input, decoded, true);
        String text = decoded.flip().toString();
        if (result.isError()) {
            throw new Problems(file, text)
                    .fatal(
                            positionOf(text, text.length()),
                            Path.ROOT,
                            "byte 0x%02x is not valid UTF-8 here".formatted(bytes[input.position()]),
                            "a file saved as UTF-8");
        }
        for (int i = 0; i < text.length(); i += Character.charCount(text.codePointAt(i))) {
            int point = text.codePointAt(i);
            if (!StreamReader.isPrintable(point)) {
                throw new Problems(file, text)
                        .fatal(
                                positionOf(text, i),
                                Path.ROOT,
                                "control character U+%04X".formatted(point),
                                "printable text only; in a quoted value, write it as an escape");
            }
        }
        return text;
    }

    /**
     * The root of the document that {@code text} holds. Keys that are no strings or given twice, and tags, are added to
     * {@code problems} and skipped.
     *
     * @throws InvalidManifestException if the text is no YAML, no single document, or too large written out
     */
    static YamlNode parse(String text, Problems problems) throws InvalidManifestException {
        String unmarked = text.startsWith("\uFEFF") ? text.substring(1) : text;
        // SnakeYAML takes no tabs as indentation, which JSON may have; in flow style leading white space means nothing
        String parsed = unmarked.stripLeading().startsWith("{")
                ? INDENT.matcher(unmarked)
                        .replaceAll(indent -> " ".repeat(indent.group().length()))
                : unmarked;
        return new YamlTree(parsed, problems).document();
    }

    private YamlNode document() throws InvalidManifestException {
        Event event = next();
        while (event instanceof StreamStartEvent) {
            event = next();
        }
        if (!(event instanceof DocumentStartEvent)) {
            throw problems.fatal(
                    Position.START,
                    Path.ROOT,
                    "the document is empty",
                    "a mapping with apiVersion, kind, metadata and spec");
        }
        YamlNode root = node(next(), Path.ROOT, 1);
        next(); // the end of the document
        Event end = next();
        if (!(end instanceof StreamEndEvent)) {
            throw problems.fatal(
                    position(end.getStartMark()),
                    Path.ROOT,
                    "a second document starts here",
                    "one application per file: put the other one into a file of its own");
        }
        return root;
    }

    private YamlNode node(Event event, Path path, int depth) throws InvalidManifestException {
        Position position = position(event.getStartMark());
        if (depth > DEPTH_MAX) {
            throw tooDeep(position);
        }
        if (event instanceof AliasEvent alias) {
            return alias(alias.getAnchor(), position, path, depth);
        }
        count(
                event instanceof ScalarEvent scalar ? 1 + scalar.getValue().length() / YamlNode.CELL_LENGTH : 1,
                position,
                path);
        YamlNode node =
                switch (event) {
                    case ScalarEvent scalar -> scalar(scalar, position, path);
                    case SequenceStartEvent sequence -> {
                        checkTag(sequence.getTag(), Tag.SEQ, position, path);
                        yield sequence(position, path, depth);
                    }
                    case MappingStartEvent mapping -> {
                        checkTag(mapping.getTag(), Tag.MAP, position, path);
                        yield mapping(position, path, depth);
                    }
                    default ->
                        throw problems.fatal(
                                position, path, "unexpected " + event.getEventId(), "a value, a list or a mapping");
                };
        String anchor = ((NodeEvent) event).getAnchor();
        if (anchor != null) {
            anchors.put(anchor, node);
        }
        return node;
    }

    private YamlNode alias(String anchor, Position position, Path path, int depth) throws InvalidManifestException {
        YamlNode target = anchors.get(anchor);
        if (target == null) {
            throw problems.fatal(
                    position,
                    path,
                    "alias " + Problems.quote("*" + anchor) + " stands for nothing",
                    "an anchor '&" + Problems.shorten(anchor) + "' on a complete value before it");
        }
        if (depth + target.height() - 1 > DEPTH_MAX) {
            throw tooDeep(position);
        }
        count(target.size(), position, path);
        return target.at(position);
    }

    private void count(int added, Position position, Path path) throws InvalidManifestException {
        size += added; // both are at most SIZE_MAX
        if (size > SIZE_MAX) {
            throw problems.fatal(
                    position,
                    path,
                    "the document grows beyond its limit here",
                    "at most " + SIZE_MAX + " values (or 3 MB of text), counting every use of an alias");
        }
    }

    private YamlNode.Sequence sequence(Position position, Path path, int depth) throws InvalidManifestException {
        var items = new ArrayList<YamlNode>();
        int size = 1;
        int height = 0;
        for (Event event = next(); !(event instanceof SequenceEndEvent); event = next()) {
            YamlNode item = node(event, path.index(items.size()), depth + 1);
            items.add(item);
            size += item.size();
            height = Math.max(height, item.height());
        }
        return new YamlNode.Sequence(position, items, size, height + 1);
    }

    private YamlNode.Mapping mapping(Position position, Path path, int depth) throws InvalidManifestException {
        var entries = new ArrayList<YamlNode.Entry>();
        var first = new HashMap<String, Position>();
        int size = 1;
        int height = 0;
        for (Event event = next(); !(event instanceof MappingEndEvent); event = next()) {
            YamlNode key = node(event, path, depth + 1);
            Optional<String> name = keyName(key, path);
            Path valuePath = name.map(path::key).orElse(path);
            YamlNode value = node(next(), valuePath, depth + 1);
            size += key.size() + value.size();
            height = Math.max(height, Math.max(key.height(), value.height()));
            if (name.isEmpty()) {
                continue;
            }
            Position before = first.putIfAbsent(name.get(), key.position());
            if (before != null) {
                problems.error(
                        key.position(),
                        valuePath,
                        "key " + Problems.quote(name.get()) + " is given twice, first at " + before,
                        "each key once");
                continue;
            }
            entries.add(new YamlNode.Entry(key.position(), name.get(), value));
        }
        return new YamlNode.Mapping(position, entries, size, height + 1);
    }

    private Optional<String> keyName(YamlNode key, Path path) {
        if (key instanceof YamlNode.Scalar scalar && scalar.kind() == YamlNode.Kind.STRING) {
            if (scalar.text().equals("<<")) {
                problems.error(
                        key.position(),
                        path,
                        "merge keys ('<<') are not supported",
                        "the keys themselves, or an alias");
                return Optional.empty();
            }
            return Optional.of(scalar.text());
        }
        problems.error(key.position(), path, "the key is " + key.describe(), "a string; put other keys in quotes");
        return Optional.empty();
    }

    private YamlNode.Scalar scalar(ScalarEvent event, Position position, Path path) {
        String text = event.getValue();
        String tag = event.getTag();
        boolean plain = event.getScalarStyle() == ScalarStyle.PLAIN;
        if (!encoder.canEncode(text)) {
            problems.error(position, path, "half of a surrogate pair is no character", "text that UTF-8 can carry");
        }
        if (tag == null && plain && text.length() <= RESOLVED_LENGTH_MAX) {
            return new YamlNode.Scalar(position, kind(RESOLVER.resolve(NodeId.scalar, text, true)), text);
        }
        if (tag == null || tag.equals("!")) {
            return new YamlNode.Scalar(position, YamlNode.Kind.STRING, text);
        }
        var known = new Tag(tag);
        if (known.equals(Tag.STR)
                || known.equals(Tag.INT)
                || known.equals(Tag.FLOAT)
                || known.equals(Tag.BOOL)
                || known.equals(Tag.NULL)) {
            return new YamlNode.Scalar(position, kind(known), text);
        }
        refuseTag(tag, position, path);
        return new YamlNode.Scalar(position, YamlNode.Kind.STRING, text);
    }

    private static YamlNode.Kind kind(Tag tag) {
        if (tag.equals(Tag.INT)) {
            return YamlNode.Kind.INTEGER;
        } else if (tag.equals(Tag.FLOAT)) {
            return YamlNode.Kind.FLOAT;
        } else if (tag.equals(Tag.BOOL)) {
            return YamlNode.Kind.BOOLEAN;
        } else if (tag.equals(Tag.TIMESTAMP)) {
            return YamlNode.Kind.DATE;
        } else if (tag.equals(Tag.NULL)) {
            return YamlNode.Kind.NULL;
        }
        return YamlNode.Kind.STRING;
    }

    private void checkTag(@Nullable String tag, Tag allowed, Position position, Path path) {
        if (tag != null && !tag.equals("!") && !tag.equals(allowed.getValue())) {
            refuseTag(tag, position, path);
        }
    }

    private void refuseTag(String tag, Position position, Path path) {
        problems.error(
                position,
                path,
                "tag " + Problems.quote(tag.startsWith(Tag.PREFIX) ? "!!" + tag.substring(Tag.PREFIX.length()) : tag)
                        + " is not allowed",
                "plain strings, numbers, lists and mappings");
    }

    private InvalidManifestException tooDeep(Position position) {
        return problems.fatal(position, Path.ROOT, "nested deeper than " + DEPTH_MAX + " levels", "a flatter document");
    }

    private Event next() throws InvalidManifestException {
        try {
            return parser.getEvent();
        } catch (MarkedYAMLException e) {
            Mark mark = e.getProblemMark() != null ? e.getProblemMark() : e.getContextMark();
            if (String.valueOf(e.getProblem()).contains("(TAB)")) {
                throw problems.fatal(
                        mark == null ? Position.START : position(mark),
                        Path.ROOT,
                        "a tab begins this value",
                        "spaces: YAML does not indent with tabs");
            }
            String since = e.getContextMark() == null ? "" : ", which begins at " + position(e.getContextMark());
            String context = e.getContext() == null ? "" : " (" + Problems.shorten(e.getContext()) + since + ")";
            throw problems.fatal(
                    mark == null ? Position.START : position(mark),
                    Path.ROOT,
                    "not valid YAML: " + Problems.shorten(String.valueOf(e.getProblem())) + context,
                    advice(String.valueOf(e.getProblem())));
        } catch (YAMLException e) {
            throw problems.fatal(
                    Position.START,
                    Path.ROOT,
                    "not valid YAML: " + Problems.shorten(String.valueOf(e.getMessage())),
                    "");
        }
    }

    private static String advice(String problem) {
        if (problem.contains("mapping values are not allowed here")) {
            return "a key and value on a line of their own, or quotes around a value with ': ' in it";
        }
        return "";
    }

    private static Position position(Mark mark) {
        return new Position(mark.getLine() + 1, mark.getColumn() + 1);
    }

    /** Position of the character at {@code index} as SnakeYAML counts. */
    private static Position positionOf(String text, int index) {
        int line = 1;
        int column = 1;
        for (int i = 0; i < index; i += Character.charCount(text.codePointAt(i))) {
            int point = text.codePointAt(i);
            boolean breaks = point == '\n' || point == 0x85 || point == 0x2028 || point == 0x2029;
            if (breaks || (point == '\r' && (i + 1 >= text.length() || text.charAt(i + 1) != '\n'))) {
                line++;
                column = 1;
            } else if (point != 0xFEFF) {
                column++;
            }
        }
        return new Position(line, column);
    }
}
