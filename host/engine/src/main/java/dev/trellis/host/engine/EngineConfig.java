package dev.trellis.host.engine;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * {@code trellis.host.engine.*}
 *
 * @param cacheDirectory where compiled modules are kept between runs; empty: nowhere. Its files hold code that this
 *     process will run, so it is created for the owner alone and must stay so
 * @param diskCacheBytesMax size of that directory's entries; the least recently used ones are deleted beyond
 * @param memoryCacheBytesMax size of the compiled modules that are kept ready; the least used ones are dropped beyond
 * @param moduleBytesMax size of a module
 * @param functionsMax functions that a module defines
 * @param compileTimeMax time after which a module counts as too costly to compile
 * @param compilesMax modules that are compiled at once; further ones wait
 */
public record EngineConfig(
        Optional<Path> cacheDirectory,
        long diskCacheBytesMax,
        long memoryCacheBytesMax,
        int moduleBytesMax,
        int functionsMax,
        Duration compileTimeMax,
        int compilesMax) {
    public static final EngineConfig DEFAULTS =
            new EngineConfig(Optional.empty(), 1L << 30, 256L << 20, 32 << 20, 50_000, Duration.ofMinutes(2), 2);

    public EngineConfig {
        atLeast("disk-cache-bytes-max", diskCacheBytesMax, 0);
        atLeast("memory-cache-bytes-max", memoryCacheBytesMax, 0);
        atLeast("module-bytes-max", moduleBytesMax, 8);
        atLeast("functions-max", functionsMax, 0);
        atLeast("compiles-max", compilesMax, 1);
        if (compileTimeMax.isNegative() || compileTimeMax.isZero()) {
            throw new IllegalArgumentException("compile-time-max must be above zero, was " + compileTimeMax);
        }
    }

    public EngineConfig withCacheDirectory(Path directory) {
        return new EngineConfig(
                Optional.of(directory),
                diskCacheBytesMax,
                memoryCacheBytesMax,
                moduleBytesMax,
                functionsMax,
                compileTimeMax,
                compilesMax);
    }

    private static void atLeast(String name, long value, long min) {
        if (value < min) {
            throw new IllegalArgumentException(name + " must be at least " + min + ", was " + value);
        }
    }
}
