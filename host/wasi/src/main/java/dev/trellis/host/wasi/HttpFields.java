package dev.trellis.host.wasi;

import com.google.protobuf.ByteString;
import dev.trellis.host.component.ComponentImports.Function;
import dev.trellis.host.component.ComponentImports.Interface;
import dev.trellis.host.component.ComponentImports.Resource;
import dev.trellis.host.component.Result;
import dev.trellis.host.component.Variant;
import dev.trellis.host.engine.GuestException;
import dev.trellis.lattice.contracts.http.Header;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The resource {@code fields}: headers or trailers, line by line. Names are kept in lower case; values are UTF-8, as they
 * are in the contracts. Lines are immutable and shared between copies.
 */
final class HttpFields {
    /** Lines of one object; one more is a trap, as there is no error for it. */
    static final int LINES_MAX = 1024;

    /** Characters of names and values of one object, with {@link #LINE_BYTES} for each line; more is a trap. */
    static final int SIZE_MAX = 128 << 10;

    private static final int LINE_BYTES = 32;

    static final Resource<HttpFields> RESOURCE = new Resource<>("fields", HttpFields.class, HttpFields::release);

    static final Result DONE = Result.ok(null);
    private static final Result INVALID = Result.err(Variant.of("invalid-syntax"));
    private static final Result FORBIDDEN = Result.err(Variant.of("forbidden"));
    private static final Result IMMUTABLE = Result.err(Variant.of("immutable"));

    private final @Nullable HttpMemory memory;
    private List<Header> lines;
    private boolean shared;
    private int total;

    /** @param memory null if it cannot be changed */
    private HttpFields(@Nullable HttpMemory memory, List<Header> lines, int total) {
        this.memory = memory;
        this.lines = lines;
        this.shared = true;
        this.total = total;
    }

    /** That a guest makes, and may change. */
    static HttpFields empty(HttpMemory memory) {
        return new HttpFields(memory, List.of(), 0);
    }

    /** That came in: without what guests must not see, and not to be changed. */
    static HttpFields received(List<Header> lines) {
        for (int i = 0; i < lines.size(); i++) {
            if (HttpSyntax.forbidden(HttpSyntax.lowerCase(lines.get(i).getName()))) {
                return new HttpFields(
                        null,
                        lines.stream()
                                .filter(line -> !HttpSyntax.forbidden(HttpSyntax.lowerCase(line.getName())))
                                .toList(),
                        0);
            }
        }
        return new HttpFields(null, lines, 0);
    }

    /** The same lines, not to be changed. */
    HttpFields frozen() {
        shared = true;
        return new HttpFields(null, lines, 0);
    }

    private HttpFields copy(HttpMemory to) {
        int size = 0;
        for (Header line : lines) {
            size += size(line);
        }
        to.hold(size);
        shared = true;
        return new HttpFields(to, lines, size);
    }

    List<Header> lines() {
        shared = true;
        return lines;
    }

    /** The guest has dropped it, or given it away for good. */
    void release() {
        if (memory != null) {
            memory.letGo(total);
        }
        total = 0;
    }

    /**
     * What {@code content-length} says.
     *
     * @return -1 if there is none
     * @throws NumberFormatException if it says no number, or several
     */
    long contentLength() {
        long length = -1;
        for (Header line : lines) {
            if (line.getName().equals("content-length")) {
                String value = line.getValue();
                if (value.isEmpty() || !value.chars().allMatch(c -> c >= '0' && c <= '9')) {
                    throw new NumberFormatException("content-length must be a number, was '" + value + "'");
                }
                long next = Long.parseLong(value);
                if (length >= 0 && next != length) {
                    throw new NumberFormatException("content-length says both " + length + " and " + next);
                }
                length = next;
            }
        }
        return length;
    }

    // ---- what guests do

    private List<byte[]> get(String name) {
        String wanted = HttpSyntax.lowerCase(name);
        List<byte[]> values = new ArrayList<>(1);
        for (Header line : lines) {
            if (line.getName().equalsIgnoreCase(wanted)) {
                values.add(line.getValueBytes().toByteArray());
            }
        }
        return values;
    }

    private boolean has(String name) {
        for (Header line : lines) {
            if (line.getName().equalsIgnoreCase(name)) {
                return true;
            }
        }
        return false;
    }

    private List<List<Object>> entries() {
        List<List<Object>> entries = new ArrayList<>(lines.size());
        for (Header line : lines) {
            entries.add(List.of(
                    HttpSyntax.lowerCase(line.getName()), line.getValueBytes().toByteArray()));
        }
        return entries;
    }

    private Result append(String name, byte[] value) {
        String known = HttpSyntax.lowerCase(name);
        Result refused = refused(known);
        if (refused != null) {
            return refused;
        }
        Header line = line(known, value);
        if (line == null) {
            return INVALID;
        }
        if (memory == null) {
            return IMMUTABLE;
        }
        add(line);
        return DONE;
    }

    private Result set(String name, List<?> values) {
        String known = HttpSyntax.lowerCase(name);
        Result refused = refused(known);
        if (refused != null) {
            return refused;
        }
        List<Header> replacing = new ArrayList<>(values.size());
        for (Object value : values) {
            Header line = line(known, (byte[]) value);
            if (line == null) {
                return INVALID;
            }
            replacing.add(line);
        }
        if (memory == null) {
            return IMMUTABLE;
        }
        remove(known);
        replacing.forEach(this::add);
        return DONE;
    }

    private Result delete(String name) {
        String known = HttpSyntax.lowerCase(name);
        Result refused = refused(known);
        if (refused != null) {
            return refused;
        }
        if (memory == null) {
            return IMMUTABLE;
        }
        remove(known);
        return DONE;
    }

    private static @Nullable Result refused(String name) {
        if (!HttpSyntax.token(name)) {
            return INVALID;
        }
        return HttpSyntax.forbidden(name) ? FORBIDDEN : null;
    }

    /** Null if the value is not one, or not UTF-8. */
    private static @Nullable Header line(String name, byte[] value) {
        if (!HttpSyntax.fieldValue(value)) {
            return null;
        }
        Header.Builder line = Header.newBuilder().setName(name);
        if (HttpSyntax.ascii(value)) {
            return line.setValue(new String(value, StandardCharsets.ISO_8859_1)).build();
        }
        return ByteString.copyFrom(value).isValidUtf8()
                ? line.setValue(new String(value, StandardCharsets.UTF_8)).build()
                : null;
    }

    /** Counts characters, so that bytes need not be made of them. */
    private static int size(Header line) {
        return line.getName().length() + line.getValue().length() + LINE_BYTES;
    }

    private List<Header> own() {
        if (shared) {
            lines = new ArrayList<>(lines);
            shared = false;
        }
        return lines;
    }

    private void add(Header line) {
        int size = size(line);
        if (lines.size() >= LINES_MAX || total + size > SIZE_MAX) {
            throw GuestException.trapped("fields hold at most " + LINES_MAX + " lines and about " + SIZE_MAX
                    + " characters, these would be more");
        }
        if (memory != null) {
            memory.hold(size);
        }
        total += size;
        own().add(line);
    }

    private void remove(String name) {
        if (!has(name)) {
            return;
        }
        List<Header> kept = new ArrayList<>(lines.size());
        int freed = 0;
        for (Header line : lines) {
            if (line.getName().equals(name)) {
                freed += size(line);
            } else {
                kept.add(line);
            }
        }
        lines = kept;
        shared = false;
        total -= freed;
        if (memory != null) {
            memory.letGo(freed);
        }
    }

    // ---- functions

    /** Does once what guests may do, for the classes that it takes: see {@link WasiHttp}. */
    static void rehearse() {
        HttpMemory memory = new HttpMemory();
        HttpFields fields = empty(memory);
        fields.append("X-Name", "wert ü".getBytes(StandardCharsets.UTF_8));
        fields.set("x-name", List.of("value".getBytes(StandardCharsets.UTF_8)));
        fields.get("x-name");
        fields.entries();
        fields.append("content-length", "1".getBytes(StandardCharsets.UTF_8));
        fields.contentLength();
        fields.delete("x-name");
        received(fields.copy(memory).frozen().lines());
        received(List.of(Header.newBuilder().setName("Host").build()));
        fields.release();
    }

    static void addTo(Interface.Builder types) {
        types.resource(RESOURCE)
                .function("[constructor]fields", Function.leaf((instance, _) -> empty(HttpMemory.of(instance))))
                .function("[static]fields.from-list", Function.leaf((instance, args) -> {
                    HttpFields fields = empty(HttpMemory.of(instance));
                    for (Object entry : Arguments.list(args, 0)) {
                        List<?> pair = (List<?>) entry;
                        Result appended = fields.append((String) pair.get(0), (byte[]) pair.get(1));
                        if (appended instanceof Result.Err) {
                            fields.release();
                            return appended;
                        }
                    }
                    return Result.ok(fields);
                }))
                .function("[method]fields.get", Function.leaf((_, args) -> self(args)
                        .get(Arguments.string(args, 1))))
                .function("[method]fields.has", Function.leaf((_, args) -> self(args)
                        .has(Arguments.string(args, 1))))
                .function("[method]fields.set", Function.leaf((_, args) -> self(args)
                        .set(Arguments.string(args, 1), Arguments.list(args, 2))))
                .function("[method]fields.delete", Function.leaf((_, args) -> self(args)
                        .delete(Arguments.string(args, 1))))
                .function("[method]fields.append", Function.leaf((_, args) -> self(args)
                        .append(Arguments.string(args, 1), Arguments.bytes(args, 2))))
                .function("[method]fields.entries", Function.leaf((_, args) -> self(args)
                        .entries()))
                .function("[method]fields.clone", Function.leaf((instance, args) -> self(args)
                        .copy(HttpMemory.of(instance))));
    }

    private static HttpFields self(@Nullable Object[] args) {
        return Arguments.of(HttpFields.class, args, 0);
    }
}
