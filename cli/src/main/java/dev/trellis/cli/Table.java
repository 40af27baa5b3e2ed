package dev.trellis.cli;

import java.util.ArrayList;
import java.util.List;

/** Rows under a head, columns aligned. Under {@code -q} only the first column, without a head. */
final class Table {
    private static final String GAP = "  ";

    private final List<String> head;
    private final List<List<String>> rows = new ArrayList<>();

    Table(String... head) {
        this.head = List.of(head);
    }

    void row(String... cells) {
        if (cells.length != head.size()) {
            throw new IllegalArgumentException("a row of " + head.size() + " cells is expected, got " + cells.length);
        }
        rows.add(List.of(cells));
    }

    void print(Console console) {
        if (console.quiet()) {
            rows.forEach(row -> console.print(row.getFirst()));
            return;
        }
        console.print(console.outBold(line(head)));
        rows.forEach(row -> console.print(line(row)));
    }

    private String line(List<String> cells) {
        var line = new StringBuilder();
        for (int column = 0; column < cells.size(); column++) {
            String cell = cells.get(column);
            line.append(column == 0 ? "" : GAP).append(cell);
            if (column < cells.size() - 1) {
                line.append(" ".repeat(width(column) - cell.length()));
            }
        }
        return line.toString();
    }

    private int width(int column) {
        int width = head.get(column).length();
        for (List<String> row : rows) {
            width = Math.max(width, row.get(column).length());
        }
        return width;
    }
}
