package dev.trellis.host.engine;

import com.github.benmanes.caffeine.cache.AsyncCache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Loads modules and keeps what was compiled. One per process is enough; safe for concurrent use. */
public final class WasmEngine implements AutoCloseable {
    /** Deep enough for the compiler's recursion over nested blocks. */
    private static final long COMPILER_STACK_BYTES = 16L << 20;

    private static final Logger LOG = LoggerFactory.getLogger(WasmEngine.class);

    /** What a digest's bytes lead to; a refusal is remembered as well as a module. */
    private sealed interface Loaded {
        record Ready(CompiledModule module) implements Loaded {}

        record Refused(InvalidModuleException why) implements Loaded {}

        default int weight() {
            return switch (this) {
                case Ready(CompiledModule module) -> (int) Math.min(Integer.MAX_VALUE, module.weight());
                case Refused _ -> REFUSAL_WEIGHT;
            };
        }
    }

    private static final int REFUSAL_WEIGHT = 1_024;

    private final EngineConfig config;
    private final Watchdog watchdog = new Watchdog();
    private final Semaphore compiles;
    private final AtomicLong compiled = new AtomicLong();
    private final Optional<DiskCache> disk;
    private final ExecutorService loaders;
    private final AsyncCache<ModuleDigest, Loaded> modules;

    public WasmEngine(EngineConfig config) {
        this.config = config;
        this.compiles = new Semaphore(config.compilesMax());
        this.disk = config.cacheDirectory()
                .map(directory -> new DiskCache(directory, ModuleCompiler.version(), config.diskCacheBytesMax()));
        this.loaders = Executors.newThreadPerTaskExecutor(Thread.ofPlatform()
                .daemon()
                .name("trellis-engine-load-", 0)
                .stackSize(COMPILER_STACK_BYTES)
                .factory());
        this.modules = Caffeine.newBuilder()
                .maximumWeight(config.memoryCacheBytesMax())
                .weigher((ModuleDigest _, Loaded loaded) -> loaded.weight())
                .executor(Runnable::run)
                .buildAsync();
    }

    /**
     * Gives the compiled form of a module: from memory, from the disk cache, or compiled now. Blocks for as long as that
     * takes, at most {@link EngineConfig#compileTimeMax()}. Loads of the same bytes at the same time share one compilation.
     *
     * @param wasm a core module in binary form; not kept
     * @throws InvalidModuleException if the module is malformed, invalid, above a limit, or not compiled in time. A
     *     compilation that takes longer goes on in the background and holds one of
     *     {@link EngineConfig#compilesMax()} slots until its end
     * @throws InterruptedException if this thread was interrupted while it waited
     */
    public CompiledModule load(byte[] wasm) throws InterruptedException {
        if (wasm.length > config.moduleBytesMax()) {
            throw new InvalidModuleException(
                    "at most " + config.moduleBytesMax() + " bytes, this has " + wasm.length, config.moduleBytesMax());
        }
        byte[] bytes = wasm.clone();
        ModuleDigest digest = ModuleDigest.of(bytes);
        CompletableFuture<Loaded> loading =
                modules.get(digest, (_, _) -> CompletableFuture.supplyAsync(() -> loaded(digest, bytes), loaders));
        try {
            return switch (loading.get(config.compileTimeMax().toNanos(), TimeUnit.NANOSECONDS)) {
                case Loaded.Ready(CompiledModule module) -> module;
                case Loaded.Refused(InvalidModuleException why) -> throw new InvalidModuleException(why);
            };
        } catch (TimeoutException e) {
            throw new InvalidModuleException(
                    "it compiles within " + config.compileTimeMax().toSeconds()
                            + " s; this one does not, or others hold all " + config.compilesMax() + " compile slots",
                    e);
        } catch (ExecutionException e) {
            throw new IllegalStateException("module " + digest + " could not be loaded", e.getCause());
        }
    }

    /**
     * What a module imports and exports, after all of its code was validated: now, or when it was compiled, if it was and that
     * is still in memory or in the disk cache.
     *
     * @param wasm a core module in binary form; not kept
     * @throws InvalidModuleException as {@link ModuleOutline#of} and {@link #load} do
     */
    public ModuleOutline outline(byte[] wasm) {
        ModuleDigest digest = ModuleDigest.of(wasm);
        boolean known = modules.getIfPresent(digest) != null
                || disk.filter(cache -> cache.has(digest)).isPresent();
        if (known) {
            try {
                return load(wasm).outline();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt(); // for whoever waits next; nothing does below
            }
        }
        return ModuleOutline.of(wasm, config);
    }

    /** A store from nothing. */
    public GuestStore newStore(GuestLimits limits) {
        return new GuestStore(limits, null, watchdog);
    }

    /** A store that gets the state of another with the same modules, see {@link GuestStore}. */
    public GuestStore newStore(GuestLimits limits, StoreImage from) {
        return new GuestStore(limits, from, watchdog);
    }

    /** Compilations since the start; for metrics. */
    public long compilations() {
        return compiled.get();
    }

    /** Calls in progress are no longer interrupted at their deadlines, and nothing is loaded any more. */
    @Override
    public void close() {
        loaders.shutdown();
        modules.synchronous().invalidateAll();
        watchdog.close();
    }

    Watchdog watchdog() {
        return watchdog;
    }

    private Loaded loaded(ModuleDigest digest, byte[] wasm) {
        try {
            return new Loaded.Ready(loadOrCompile(digest, wasm));
        } catch (InvalidModuleException e) {
            return new Loaded.Refused(e);
        }
    }

    private CompiledModule loadOrCompile(ModuleDigest digest, byte[] wasm) {
        if (disk.isPresent()) {
            Optional<CompiledModule> cached = fromDisk(disk.get(), digest);
            if (cached.isPresent()) {
                return cached.get();
            }
        }
        compiles.acquireUninterruptibly();
        try {
            long start = System.nanoTime();
            CompiledCode code = ModuleCompiler.compile(wasm, config);
            CompiledModule module = verified(digest, code);
            compiled.incrementAndGet();
            if (module.interpretedFunctions() > 0) {
                LOG.warn(
                        "Module {} has {} functions that are too large for a JVM method; they run interpreted, which is slow.",
                        digest,
                        module.interpretedFunctions());
            }
            LOG.debug("Compiled module {} in {}.", digest, Duration.ofNanos(System.nanoTime() - start));
            disk.ifPresent(cache -> cache.store(digest, code));
            return module;
        } finally {
            compiles.release();
        }
    }

    private Optional<CompiledModule> fromDisk(DiskCache cache, ModuleDigest digest) {
        Optional<CompiledCode> code = cache.load(digest);
        if (code.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(new CompiledModule(digest, code.get(), false, watchdog));
        } catch (RuntimeException | LinkageError e) {
            cache.discard(digest, e.toString());
            return Optional.empty();
        }
    }

    private CompiledModule verified(ModuleDigest digest, CompiledCode code) {
        try {
            return new CompiledModule(digest, code, true, watchdog);
        } catch (RuntimeException | LinkageError e) {
            throw new InvalidModuleException(
                    "the JVM refuses its compiled form (" + ModuleCompiler.message(e) + ")", e);
        }
    }
}
