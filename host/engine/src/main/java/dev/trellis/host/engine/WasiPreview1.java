package dev.trellis.host.engine;

import static dev.trellis.host.engine.WasmType.I32;
import static dev.trellis.host.engine.WasmType.I64;

import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** {@code wasi_snapshot_preview1} for guests without ambient power. Keeps no state between calls, so nothing is restored. */
final class WasiPreview1 {
    /*
     * The runtime has a WASI of its own, but it keeps a table of descriptors per instance, which would have to be restored
     * after each call, and allocates buffers of sizes that the guest names. With only the three standard streams there is
     * nothing to keep. Layouts and numbers: WASI's witx/wasi_snapshot_preview1.witx.
     */
    static final String MODULE = "wasi_snapshot_preview1";

    private static final int SUCCESS = 0;
    private static final int BADF = 8;
    private static final int FAULT = 21;
    private static final int INVAL = 28;
    private static final int NOSYS = 52;
    private static final int SPIPE = 70;

    private static final int STDIN = 0;
    private static final int STDOUT = 1;
    private static final int STDERR = 2;
    private static final byte CHARACTER_DEVICE = 2;
    private static final long RIGHT_FD_READ = 1L << 1;
    private static final long RIGHT_FD_WRITE = 1L << 6;

    private static final int IOVECS_MAX = 1_024;
    private static final int IOVEC_BYTES = 8;
    private static final int SUBSCRIPTIONS_MAX = 64;
    private static final int SUBSCRIPTION_BYTES = 48;
    private static final int EVENT_BYTES = 32;
    private static final int RANDOM_SLICE_BYTES = 16 << 10;
    /** They call the sink, the random generator, the scheduler; all others touch the guest alone. */
    private static final Set<String> REACHING_SHARED_CODE = Set.of("fd_write", "random_get", "poll_oneoff");

    private static final byte[] PROGRAM_NAME = {'m', 'a', 'i', 'n', '.', 'w', 'a', 's', 'm', 0};

    /** A call that gives an error number. */
    @FunctionalInterface
    private interface Call {
        int apply(GuestInstance guest, long[] args) throws InterruptedException;
    }

    private final SecureRandom random = new SecureRandom();
    private final OutputSink sink;
    private final List<HostFunction> functions = new ArrayList<>();

    private WasiPreview1(OutputSink sink) {
        this.sink = sink;
    }

    static List<HostFunction> functions(OutputSink sink) {
        WasiPreview1 wasi = new WasiPreview1(sink);
        wasi.defineAll();
        return List.copyOf(wasi.functions);
    }

    private void defineAll() {
        define("args_get", WasiPreview1::argsGet, I32, I32);
        define("args_sizes_get", (guest, args) -> sizes(guest, args, 1, PROGRAM_NAME.length), I32, I32);
        define("environ_get", (_, _) -> SUCCESS, I32, I32);
        define("environ_sizes_get", (guest, args) -> sizes(guest, args, 0, 0), I32, I32);
        define("clock_res_get", WasiPreview1::clockResolution, I32, I32);
        define("clock_time_get", WasiPreview1::clockTime, I32, I64, I32);
        define("random_get", this::random, I32, I32);
        define("sched_yield", (_, _) -> SUCCESS);
        define("poll_oneoff", WasiPreview1::poll, I32, I32, I32, I32);
        functions.add(new HostFunction(MODULE, "proc_exit", List.of(I32), List.of(), (_, args) -> {
            throw new GuestExit((int) args[0]);
        }));

        define("fd_write", this::write, I32, I32, I32, I32);
        define("fd_read", WasiPreview1::read, I32, I32, I32, I32);
        define("fd_fdstat_get", WasiPreview1::fdstat, I32, I32);
        define("fd_filestat_get", WasiPreview1::filestat, I32, I32);
        define("fd_close", WasiPreview1::stream, I32);
        define("fd_sync", WasiPreview1::stream, I32);
        define("fd_datasync", WasiPreview1::stream, I32);
        define("fd_fdstat_set_flags", WasiPreview1::stream, I32, I32);
        define("fd_seek", (_, args) -> isStream(args) ? SPIPE : BADF, I32, I64, I32, I32);
        define("fd_tell", (_, args) -> isStream(args) ? SPIPE : BADF, I32, I32);

        // No other descriptor exists: there are no preopened directories and no sockets.
        refuse("fd_prestat_get", I32, I32);
        refuse("fd_prestat_dir_name", I32, I32, I32);
        refuse("fd_advise", I32, I64, I64, I32);
        refuse("fd_allocate", I32, I64, I64);
        refuse("fd_fdstat_set_rights", I32, I64, I64);
        refuse("fd_filestat_set_size", I32, I64);
        refuse("fd_filestat_set_times", I32, I64, I64, I32);
        refuse("fd_pread", I32, I32, I32, I64, I32);
        refuse("fd_pwrite", I32, I32, I32, I64, I32);
        refuse("fd_readdir", I32, I32, I32, I64, I32);
        refuse("fd_renumber", I32, I32);
        refuse("path_create_directory", I32, I32, I32);
        refuse("path_filestat_get", I32, I32, I32, I32, I32);
        refuse("path_filestat_set_times", I32, I32, I32, I32, I64, I64, I32);
        refuse("path_link", I32, I32, I32, I32, I32, I32, I32);
        refuse("path_open", I32, I32, I32, I32, I32, I64, I64, I32, I32);
        refuse("path_readlink", I32, I32, I32, I32, I32, I32);
        refuse("path_remove_directory", I32, I32, I32);
        refuse("path_rename", I32, I32, I32, I32, I32, I32);
        refuse("path_symlink", I32, I32, I32, I32, I32);
        refuse("path_unlink_file", I32, I32, I32);
        refuse("sock_accept", I32, I32, I32);
        refuse("sock_recv", I32, I32, I32, I32, I32, I32);
        refuse("sock_send", I32, I32, I32, I32, I32);
        refuse("sock_shutdown", I32, I32);
        define("proc_raise", (_, _) -> NOSYS, I32);
    }

    private void refuse(String name, WasmType... params) {
        define(name, (_, _) -> BADF, params);
    }

    private void define(String name, Call call, WasmType... params) {
        HostFunction function = new HostFunction(MODULE, name, List.of(params), List.of(I32), (guest, args) -> {
            try {
                return new long[] {call.apply(guest, args)};
            } catch (GuestMemoryException e) {
                return new long[] {FAULT};
            }
        });
        functions.add(REACHING_SHARED_CODE.contains(name) ? function : function.asLeaf());
    }

    private static int argsGet(GuestInstance guest, long[] args) {
        guest.writeInt((int) args[0], (int) args[1]);
        guest.write((int) args[1], PROGRAM_NAME);
        return SUCCESS;
    }

    private static int sizes(GuestInstance guest, long[] args, int count, int bytes) {
        guest.writeInt((int) args[0], count);
        guest.writeInt((int) args[1], bytes);
        return SUCCESS;
    }

    private static int clockResolution(GuestInstance guest, long[] args) {
        if (args[0] < 0 || args[0] > 1) {
            return INVAL;
        }
        guest.writeLong((int) args[1], 1);
        return SUCCESS;
    }

    private static int clockTime(GuestInstance guest, long[] args) {
        long nanos;
        switch ((int) args[0]) {
            case 0 -> {
                Instant now = Instant.now();
                nanos = TimeUnit.SECONDS.toNanos(now.getEpochSecond()) + now.getNano();
            }
            case 1 -> nanos = System.nanoTime();
            default -> {
                return INVAL;
            }
        }
        guest.writeLong((int) args[2], nanos);
        return SUCCESS;
    }

    private int random(GuestInstance guest, long[] args) throws InterruptedException {
        int address = (int) args[0];
        int length = (int) args[1];
        if (address < 0 || length < 0 || length > guest.memoryBytes() - address) {
            return FAULT;
        }
        byte[] slice = new byte[Math.min(length, RANDOM_SLICE_BYTES)];
        for (int done = 0; done < length; done += slice.length) {
            if (Thread.interrupted()) {
                throw new InterruptedException("interrupted in random_get");
            }
            random.nextBytes(slice);
            guest.write(address + done, slice, 0, Math.min(slice.length, length - done));
        }
        return SUCCESS;
    }

    private int write(GuestInstance guest, long[] args) {
        OutputSink.Stream stream;
        switch ((int) args[0]) {
            case STDOUT -> stream = OutputSink.Stream.STDOUT;
            case STDERR -> stream = OutputSink.Stream.STDERR;
            default -> {
                return BADF;
            }
        }
        int vectors = (int) args[2];
        if (vectors < 0 || vectors > IOVECS_MAX) {
            return INVAL;
        }
        long total = 0;
        for (int i = 0; i < vectors; i++) {
            int vector = (int) args[1] + i * IOVEC_BYTES;
            int length = guest.readInt(vector + Integer.BYTES);
            if (length < 0 || total + length > Integer.MAX_VALUE) {
                return INVAL;
            }
            total += length;
            guest.output()
                    .write(
                            sink,
                            stream,
                            guest.read(guest.readInt(vector), guest.output().admit(length)));
        }
        guest.writeInt((int) args[3], (int) total);
        return SUCCESS;
    }

    /** Standard input is at its end. */
    private static int read(GuestInstance guest, long[] args) {
        if (args[0] != STDIN) {
            return BADF;
        }
        guest.writeInt((int) args[3], 0);
        return SUCCESS;
    }

    private static int fdstat(GuestInstance guest, long[] args) {
        if (!isStream(args)) {
            return BADF;
        }
        byte[] stat = new byte[24];
        stat[0] = CHARACTER_DEVICE;
        stat[8] = (byte) (args[0] == STDIN ? RIGHT_FD_READ : RIGHT_FD_WRITE);
        guest.write((int) args[1], stat);
        return SUCCESS;
    }

    private static int filestat(GuestInstance guest, long[] args) {
        if (!isStream(args)) {
            return BADF;
        }
        byte[] stat = new byte[64];
        stat[16] = CHARACTER_DEVICE;
        guest.write((int) args[1], stat);
        return SUCCESS;
    }

    private static int stream(GuestInstance guest, long[] args) {
        return isStream(args) ? SUCCESS : BADF;
    }

    private static boolean isStream(long[] args) {
        return args[0] >= STDIN && args[0] <= STDERR;
    }

    /** Streams are always ready; without one, sleeps until the first clock. The time budget goes on. */
    private static int poll(GuestInstance guest, long[] args) throws InterruptedException {
        int subscriptions = (int) args[2];
        if (subscriptions < 1 || subscriptions > SUBSCRIPTIONS_MAX) {
            return INVAL;
        }
        byte[] wanted = guest.read((int) args[0], subscriptions * SUBSCRIPTION_BYTES);
        long sleepNanos = Long.MAX_VALUE;
        for (int i = 0; i < subscriptions; i++) {
            sleepNanos = Math.min(sleepNanos, isClock(wanted, i) ? nanosUntil(wanted, i) : 0);
        }
        if (sleepNanos > 0) {
            TimeUnit.NANOSECONDS.sleep(sleepNanos);
        }
        int events = 0;
        for (int i = 0; i < subscriptions; i++) {
            boolean clock = isClock(wanted, i);
            if (!clock || relative(wanted, i) <= sleepNanos) {
                byte[] event = new byte[EVENT_BYTES];
                System.arraycopy(wanted, i * SUBSCRIPTION_BYTES, event, 0, Long.BYTES);
                event[10] = wanted[i * SUBSCRIPTION_BYTES + 8];
                guest.write((int) args[1] + events * EVENT_BYTES, event);
                events++;
            }
        }
        guest.writeInt((int) args[3], events);
        return SUCCESS;
    }

    private static boolean isClock(byte[] subscriptions, int index) {
        return subscriptions[index * SUBSCRIPTION_BYTES + 8] == 0;
    }

    private static boolean absolute(byte[] subscriptions, int index) {
        return (subscriptions[index * SUBSCRIPTION_BYTES + 40] & 1) != 0;
    }

    private static long timeout(byte[] subscriptions, int index) {
        long timeout = 0;
        for (int i = 0; i < Long.BYTES; i++) {
            timeout |= (subscriptions[index * SUBSCRIPTION_BYTES + 24 + i] & 0xffL) << (i * Byte.SIZE);
        }
        return timeout < 0 ? Long.MAX_VALUE : timeout;
    }

    private static long nanosUntil(byte[] subscriptions, int index) {
        long timeout = timeout(subscriptions, index);
        if (!absolute(subscriptions, index)) {
            return timeout;
        }
        boolean realtime = subscriptions[index * SUBSCRIPTION_BYTES + 16] == 0;
        return timeout - (realtime ? TimeUnit.MILLISECONDS.toNanos(System.currentTimeMillis()) : System.nanoTime());
    }

    /** An absolute clock counts as reached when its time has come after the sleep. */
    private static long relative(byte[] subscriptions, int index) {
        return absolute(subscriptions, index)
                ? Math.max(0, nanosUntil(subscriptions, index))
                : timeout(subscriptions, index);
    }
}
