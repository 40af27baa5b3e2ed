package dev.trellis.benchmarks;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Rows as text for people. */
final class Table {
    private Table() {}

    static String of(List<Row> rows) {
        int width = rows.stream().mapToInt(row -> row.subject().length()).max().orElse(0);
        var text = new StringBuilder();
        String benchmark = "";
        for (Row row : rows) {
            if (!row.benchmark().equals(benchmark)) {
                benchmark = row.benchmark();
                text.append('\n').append(benchmark).append('\n');
            }
            text.append("  ")
                    .append(row.subject())
                    .repeat(' ', width - row.subject().length());
            text.append("  ").append(numbers(row.figures(), "")).append('\n');
            String indent = " ".repeat(width + 4);
            if (!row.ratios().isEmpty()) {
                text.append(indent)
                        .append("against ")
                        .append(row.baseline())
                        .append(": ")
                        .append(numbers(row.ratios(), "x"))
                        .append('\n');
            }
            for (Row.Goal goal : row.goals()) {
                text.append(indent)
                        .append(goal.met() ? "met:    " : "MISSED: ")
                        .append(goal.text())
                        .append('\n');
            }
            if (!row.note().isEmpty()) {
                text.append(indent).append(row.note()).append('\n');
            }
        }
        return text.append('\n').toString();
    }

    private static String numbers(Map<String, Double> numbers, String unit) {
        return numbers.entrySet().stream()
                .map(number -> number.getKey() + " " + number(number.getValue()) + unit)
                .collect(Collectors.joining("  "));
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, Math.abs(value) >= 100 ? "%.0f" : "%.2f", value);
    }
}
