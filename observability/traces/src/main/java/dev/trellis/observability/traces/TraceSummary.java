package dev.trellis.observability.traces;

import java.util.List;

/**
 * A trace in a list.
 *
 * @param name of its first span
 * @param startEpochNanos of its first span
 * @param durationNanos from the start of the first span to the end of the last
 * @param error kind of its first span's failure, else that of any; empty if nothing failed
 * @param hosts names of the hosts it went over, sorted
 * @param sites their sites, sorted
 */
public record TraceSummary(
        String traceId,
        String name,
        long startEpochNanos,
        long durationNanos,
        int spans,
        int errors,
        String error,
        List<String> hosts,
        List<String> sites) {
    public TraceSummary {
        hosts = List.copyOf(hosts);
        sites = List.copyOf(sites);
    }
}
