package dev.trellis.benchmarks;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What was measured of one subject.
 *
 * @param figures by names that end with their unit, in the order of the table
 * @param baseline the subject that {@code ratios} compare with; empty if there is none
 * @param ratios of the figures to those of the baseline
 * @param note what a reader must know, such as why there are no figures
 */
record Row(
        String benchmark,
        String subject,
        Map<String, Double> figures,
        String baseline,
        Map<String, Double> ratios,
        List<Goal> goals,
        String note) {
    /** A goal of the project and whether this run met it. */
    record Goal(String text, boolean met) {}

    Row {
        figures = Collections.unmodifiableMap(new LinkedHashMap<>(figures));
        ratios = Collections.unmodifiableMap(new LinkedHashMap<>(ratios));
        goals = List.copyOf(goals);
    }

    static Row of(String benchmark, String subject) {
        return new Row(benchmark, subject, Map.of(), "", Map.of(), List.of(), "");
    }

    static Row skipped(String benchmark, String subject, String why) {
        return of(benchmark, subject).noting("not measured: " + why);
    }

    Row with(String figure, double value) {
        var more = new LinkedHashMap<>(figures);
        more.put(figure, value);
        return new Row(benchmark, subject, more, baseline, ratios, goals, note);
    }

    /** Median and 99th percentile. */
    Row with(Samples samples) {
        return with("p50_us", samples.micros(0.5)).with("p99_us", samples.micros(0.99));
    }

    /** With the ratio of every figure that both have. */
    Row against(Row other) {
        var ratio = new LinkedHashMap<String, Double>();
        figures.forEach((name, value) -> {
            Double base = other.figures.get(name);
            if (base != null && base != 0) {
                ratio.put(name, value / base);
            }
        });
        return new Row(benchmark, subject, figures, other.subject, ratio, goals, note);
    }

    Row figureAtMost(String figure, double bound) {
        return goal(figure + " <= " + text(bound), figures.getOrDefault(figure, Double.NaN) <= bound);
    }

    Row ratioAtMost(String figure, double bound) {
        return goal(figure + " <= " + text(bound) + "x", ratios.getOrDefault(figure, Double.NaN) <= bound);
    }

    Row ratioAtLeast(String figure, double bound) {
        return goal(figure + " >= " + text(bound) + "x", ratios.getOrDefault(figure, Double.NaN) >= bound);
    }

    private static String text(double bound) {
        return BigDecimal.valueOf(bound).stripTrailingZeros().toPlainString();
    }

    private Row goal(String text, boolean met) {
        var more = new ArrayList<>(goals);
        more.add(new Goal(text, met));
        return new Row(benchmark, subject, figures, baseline, ratios, more, note);
    }

    Row noting(String text) {
        return new Row(benchmark, subject, figures, baseline, ratios, goals, text);
    }
}
