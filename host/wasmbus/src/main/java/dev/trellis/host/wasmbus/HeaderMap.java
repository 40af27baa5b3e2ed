package dev.trellis.host.wasmbus;

import dev.trellis.lattice.contracts.http.Header;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Header lines as classic actors see them: a map of names to lists of values. */
final class HeaderMap {
    /** Header lines of one message that a guest gives; more are an error. */
    static final int LINES_MAX = 1_024;

    /** Messages with more header lines than this are grouped through a hash map. */
    private static final int SCANNED_LINES_MAX = 24;

    private HeaderMap() {}

    /** Writes lines grouped by name, names in the order in which they first appear. */
    static void write(MessagePackWriter out, List<Header> lines) {
        if (lines.size() <= SCANNED_LINES_MAX) {
            writeScanned(out, lines);
        } else {
            writeHashed(out, lines);
        }
    }

    /** Room that {@link #write} takes at most, as long as all is ASCII. */
    static int capacity(List<Header> lines) {
        int bytes = 0;
        for (int i = 0; i < lines.size(); i++) {
            Header line = lines.get(i);
            bytes += line.getName().length() + line.getValue().length() + 6;
        }
        return bytes;
    }

    /**
     * Hands each line of the map to {@code lines}.
     *
     * @param field name of the map, for error messages
     * @throws MessagePackException if it is no such map, or has more than {@link #LINES_MAX} lines or names
     */
    static void read(MessagePackReader in, String field, Consumer<Header> lines) {
        int names = in.mapSize();
        int left = LINES_MAX;
        if (names > left) {
            throw tooManyLines(field);
        }
        for (int i = 0; i < names; i++) {
            String name = in.string();
            int values = in.arraySize();
            left -= values;
            if (left < 0) {
                throw tooManyLines(field);
            }
            for (int j = 0; j < values; j++) {
                lines.accept(
                        Header.newBuilder().setName(name).setValue(in.string()).build());
            }
        }
    }

    private static MessagePackException tooManyLines(String field) {
        return new MessagePackException(field + " must have at most " + LINES_MAX + " lines");
    }

    private static void writeScanned(MessagePackWriter out, List<Header> lines) {
        int names = 0;
        for (int i = 0; i < lines.size(); i++) {
            if (isFirst(lines, i)) {
                names++;
            }
        }
        out.mapHeader(names);
        for (int i = 0; i < lines.size(); i++) {
            if (!isFirst(lines, i)) {
                continue;
            }
            String name = lines.get(i).getName();
            int values = 0;
            for (int j = i; j < lines.size(); j++) {
                if (lines.get(j).getName().equals(name)) {
                    values++;
                }
            }
            out.string(name);
            out.arrayHeader(values);
            for (int j = i; values > 0; j++) {
                if (lines.get(j).getName().equals(name)) {
                    out.string(lines.get(j).getValue());
                    values--;
                }
            }
        }
    }

    private static boolean isFirst(List<Header> lines, int index) {
        String name = lines.get(index).getName();
        for (int i = 0; i < index; i++) {
            if (lines.get(i).getName().equals(name)) {
                return false;
            }
        }
        return true;
    }

    private static void writeHashed(MessagePackWriter out, List<Header> lines) {
        Map<String, List<String>> grouped = new LinkedHashMap<>();
        for (Header line : lines) {
            grouped.computeIfAbsent(line.getName(), _ -> new ArrayList<>()).add(line.getValue());
        }
        out.mapHeader(grouped.size());
        grouped.forEach((name, values) -> {
            out.string(name);
            out.arrayHeader(values.size());
            values.forEach(out::string);
        });
    }
}
