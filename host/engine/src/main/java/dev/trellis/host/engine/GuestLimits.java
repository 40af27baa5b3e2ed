package dev.trellis.host.engine;

import java.time.Duration;

/**
 * What one guest may use. The depth of its calls is bounded by the thread's stack.
 *
 * @param memoryPagesMax pages of 64 KiB, 0 to {@value #MEMORY_PAGES_CEILING}; {@code memory.grow} beyond gives -1
 * @param tableEntriesMax entries of each table; {@code table.grow} beyond gives -1
 * @param timeBudget time that the calls of one borrowed instance may take together, host calls included
 * @param startBudget time that the start function and the initialising exports may take together
 * @param idleInstancesMax instances that a pool keeps for the next call; more are dropped when they come back
 * @param outputBytesMax bytes of standard output and error that one borrowed instance may write
 */
public record GuestLimits(
        int memoryPagesMax,
        int tableEntriesMax,
        Duration timeBudget,
        Duration startBudget,
        int idleInstancesMax,
        int outputBytesMax) {
    /** Largest memory of a Java array. */
    public static final int MEMORY_PAGES_CEILING = 32_767;

    public static final int TABLE_ENTRIES_CEILING = 10_000_000;
    public static final int IDLE_INSTANCES_CEILING = 4_096;
    public static final Duration TIME_BUDGET_CEILING = Duration.ofDays(1);

    public static final GuestLimits DEFAULTS =
            new GuestLimits(1_024, 100_000, Duration.ofSeconds(2), Duration.ofSeconds(5), 16, 64 * 1_024);

    public GuestLimits {
        range("memory-pages-max", memoryPagesMax, 0, MEMORY_PAGES_CEILING);
        range("table-entries-max", tableEntriesMax, 0, TABLE_ENTRIES_CEILING);
        range("time-budget", timeBudget);
        range("start-budget", startBudget);
        range("idle-instances-max", idleInstancesMax, 0, IDLE_INSTANCES_CEILING);
        range("output-bytes-max", outputBytesMax, 0, Integer.MAX_VALUE);
    }

    public GuestLimits withMemoryPagesMax(int pages) {
        return new GuestLimits(pages, tableEntriesMax, timeBudget, startBudget, idleInstancesMax, outputBytesMax);
    }

    public GuestLimits withTableEntriesMax(int entries) {
        return new GuestLimits(memoryPagesMax, entries, timeBudget, startBudget, idleInstancesMax, outputBytesMax);
    }

    public GuestLimits withTimeBudget(Duration budget) {
        return new GuestLimits(memoryPagesMax, tableEntriesMax, budget, startBudget, idleInstancesMax, outputBytesMax);
    }

    public GuestLimits withStartBudget(Duration budget) {
        return new GuestLimits(memoryPagesMax, tableEntriesMax, timeBudget, budget, idleInstancesMax, outputBytesMax);
    }

    public GuestLimits withIdleInstancesMax(int instances) {
        return new GuestLimits(memoryPagesMax, tableEntriesMax, timeBudget, startBudget, instances, outputBytesMax);
    }

    public GuestLimits withOutputBytesMax(int bytes) {
        return new GuestLimits(memoryPagesMax, tableEntriesMax, timeBudget, startBudget, idleInstancesMax, bytes);
    }

    private static void range(String name, int value, int min, int max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(name + " must be from " + min + " to " + max + ", was " + value);
        }
    }

    private static void range(String name, Duration value) {
        if (value.isNegative() || value.isZero() || value.compareTo(TIME_BUDGET_CEILING) > 0) {
            throw new IllegalArgumentException(
                    name + " must be above zero and at most " + TIME_BUDGET_CEILING + ", was " + value);
        }
    }
}
