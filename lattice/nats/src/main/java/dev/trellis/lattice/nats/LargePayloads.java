package dev.trellis.lattice.nats;

import dev.trellis.lattice.transport.LatticeTransport;
import io.nats.client.impl.Headers;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Payloads that do not fit into one message of the server: how they are offered, fetched and put together. */
final class LargePayloads {
    /*
     * Chunks sent to a subject would be dealt out among the members of a queue group, so they never are. Instead, the
     * sender keeps the payload and sends an offer: the message itself, without payload, with a header that says how
     * many bytes there are and the subject to fetch them from. It takes the way of any message: wildcards, queue
     * groups and "no responders" work by themselves. Each receiver fetches: it sends an empty message with an inbox of
     * its own as reply subject, and the sender streams the chunks there, each with its offset.
     *
     * A receiver knows what it has asked for, how much will come and in which order, so what does not fit exactly ends
     * the assembly: no header can make it hold more than it reserved. Small messages are not touched.
     */

    /** Header of an offer: number of bytes, a space, the subject to fetch them from. */
    static final String OFFER_HEADER = "Trellis-Large";

    /** Header of a chunk: its offset, or {@value #GONE}. */
    static final String OFFSET_HEADER = "Trellis-Offset";

    /** Payload bytes of a chunk, unless the server allows less: small enough to let others through in between. */
    static final int CHUNK_BYTES_MAX = 256 * 1024;

    /** Room for the subject's share and the header of a chunk. */
    static final int CHUNK_OVERHEAD_BYTES = 128;

    /** Payloads being put together; an offer beyond is dropped with a warning. */
    static final int ASSEMBLIES_MAX = 256;

    /** Bytes that all assemblies may come to; an offer beyond is dropped with a warning. */
    static final long ASSEMBLY_BYTES_MAX = 128L << 20;

    /** An assembly that got nothing for so long is given up. */
    static final Duration ASSEMBLY_IDLE_MAX = Duration.ofSeconds(5);

    /** How long a published payload or a reply can be fetched; one of a request, as long as it waits. */
    static final Duration OFFER_LIFE = Duration.ofSeconds(10);

    /** Bytes of offers that nobody waits for; at the bound the oldest are taken back. */
    static final long OFFER_BYTES_MAX = 256L << 20;

    /** How often one offer may be fetched: once per subscriber of its subject. */
    static final int FETCHES_MAX = 1024;

    /** Payloads streamed at once; further fetches wait. */
    private static final int STREAMS_MAX = 16;

    private static final Duration FLUSH_MAX = Duration.ofSeconds(5);
    private static final String GONE = "gone";
    private static final Logger LOG = LoggerFactory.getLogger(LargePayloads.class);

    /** Sends without chunking; false if it could not be handed to the connection. */
    interface Sender {
        boolean send(String subject, @Nullable String replyTo, @Nullable Headers headers, byte[] payload);

        /** Waits until what was sent has reached the server. */
        void flush(Duration timeout) throws InterruptedException;

        /** Largest payload and headers that the server takes now. */
        long serverPayloadBytesMax();
    }

    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Offer(byte[] payload, long expiryNanos, boolean lasting, AtomicInteger fetches) {}

    private static final class Assembly {
        final byte[] bytes;
        final CompletableFuture<byte[]> whole = new CompletableFuture<>();
        int filled;
        volatile long lastNanos = System.nanoTime();

        Assembly(int length) {
            this.bytes = new byte[length];
        }
    }

    /** What the header of an offer says. */
    record Announcement(int bytes, String fetchSubject) {
        /** The announcement in {@code value}; empty if it is not valid. */
        static Optional<Announcement> parse(String value) {
            int space = value.indexOf(' ');
            String fetchSubject = value.substring(space + 1);
            if (space < 1 || space > 9 || !NatsConfig.isInbox(fetchSubject) || fetchSubject.length() > 256) {
                return Optional.empty();
            }
            for (int i = 0; i < fetchSubject.length(); i++) {
                char c = fetchSubject.charAt(i);
                if (c <= ' ' || c >= 0x7f || c == '*' || c == '>') {
                    return Optional.empty();
                }
            }
            int bytes = 0;
            for (int i = 0; i < space; i++) {
                char c = value.charAt(i);
                if (c < '0' || c > '9') {
                    return Optional.empty();
                }
                bytes = bytes * 10 + (c - '0');
            }
            return bytes < 1 || bytes > LatticeTransport.PAYLOAD_BYTES_MAX
                    ? Optional.empty()
                    : Optional.of(new Announcement(bytes, fetchSubject));
        }
    }

    private final Sender sender;
    private final String offerPrefix;
    private final String chunkPrefix;
    private final AtomicLong ids = new AtomicLong();
    private final Map<Long, Offer> offers = new ConcurrentHashMap<>();
    private final AtomicLong offerBytes = new AtomicLong();
    private final Map<Long, Assembly> assemblies = new ConcurrentHashMap<>();
    private final AtomicLong assemblyBytes = new AtomicLong();
    private final AtomicInteger assemblyCount = new AtomicInteger();
    private final Semaphore streams = new Semaphore(STREAMS_MAX, true);

    /** Fetches come to subjects that begin with {@code offerPrefix}, chunks to those with {@code chunkPrefix}. */
    LargePayloads(Sender sender, String offerPrefix, String chunkPrefix) {
        this.sender = sender;
        this.offerPrefix = offerPrefix;
        this.chunkPrefix = chunkPrefix;
    }

    // The sender's side

    /**
     * Keeps {@code payload} for those who fetch it.
     *
     * @param lasting until {@link #withdraw}; otherwise for {@link #OFFER_LIFE}
     * @return the id of the offer
     */
    long offer(byte[] payload, boolean lasting) {
        long id = ids.incrementAndGet();
        long expiry = System.nanoTime() + OFFER_LIFE.toNanos();
        offers.put(id, new Offer(payload, expiry, lasting, new AtomicInteger()));
        if (!lasting && offerBytes.addAndGet(payload.length) > OFFER_BYTES_MAX) {
            takeBackOldest();
        }
        return id;
    }

    /** The value of {@link #OFFER_HEADER} for an offer. */
    String header(long id, byte[] payload) {
        return payload.length + " " + offerPrefix + id;
    }

    /** Ends an offer. */
    void withdraw(long id) {
        Offer offer = offers.remove(id);
        if (offer != null && !offer.lasting()) {
            offerBytes.addAndGet(-offer.payload().length);
        }
    }

    private void takeBackOldest() {
        LOG.warn("More than {} bytes of large messages wait to be fetched; the oldest are dropped", OFFER_BYTES_MAX);
        offers.entrySet().stream()
                .filter(entry -> !entry.getValue().lasting())
                .map(Map.Entry::getKey)
                .sorted()
                .takeWhile(_ -> offerBytes.get() > OFFER_BYTES_MAX)
                .forEach(this::withdraw);
    }

    /** Takes a message to the fetch subject of one of our offers, and streams its payload. Does not block. */
    void onFetch(String subject, @Nullable String chunkSubject) {
        if (chunkSubject == null || !NatsConfig.isInbox(chunkSubject)) {
            return;
        }
        Offer offer = offers.get(id(subject, offerPrefix));
        if (offer == null || offer.fetches().incrementAndGet() > FETCHES_MAX) {
            boolean _ = sender.send(chunkSubject, null, new Headers().put(OFFSET_HEADER, GONE), new byte[0]);
            return;
        }
        Thread.startVirtualThread(() -> {
            try {
                stream(offer.payload(), chunkSubject);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    private void stream(byte[] payload, String chunkSubject) throws InterruptedException {
        if (!streams.tryAcquire(ASSEMBLY_IDLE_MAX.toMillis(), TimeUnit.MILLISECONDS)) {
            return; // the other side has given up by now
        }
        try {
            long allowed = sender.serverPayloadBytesMax() - CHUNK_OVERHEAD_BYTES;
            int chunk = Math.clamp(allowed, 1, CHUNK_BYTES_MAX);
            for (int offset = 0; offset < payload.length; offset += chunk) {
                byte[] part = Arrays.copyOfRange(payload, offset, Math.min(payload.length, offset + chunk));
                Headers headers = new Headers().put(OFFSET_HEADER, Integer.toString(offset));
                if (!sender.send(chunkSubject, null, headers, part)) {
                    return; // disconnected: the other side gives up as well
                }
            }
            sender.flush(FLUSH_MAX); // holds the permit until the copies have left this process
        } finally {
            streams.release();
        }
    }

    // The receiver's side

    /**
     * Fetches what {@code announcement} announces.
     *
     * @return the payload, or empty if there are too many already; fails with {@link TransferLost} if it does not come
     */
    Optional<CompletableFuture<byte[]>> fetch(Announcement announcement, String subject) {
        int count = assemblyCount.incrementAndGet();
        long bytes = assemblyBytes.addAndGet(announcement.bytes());
        if (count > ASSEMBLIES_MAX || bytes > ASSEMBLY_BYTES_MAX) {
            assemblyCount.decrementAndGet();
            assemblyBytes.addAndGet(-announcement.bytes());
            LOG.warn(
                    "A message of {} bytes to {} is dropped: too many large ones come in",
                    announcement.bytes(),
                    subject);
            return Optional.empty();
        }
        long id = ids.incrementAndGet();
        Assembly assembly = new Assembly(announcement.bytes());
        assemblies.put(id, assembly);
        if (!sender.send(announcement.fetchSubject(), chunkPrefix + id, null, new byte[0])) {
            fail(id, assembly, "the connection broke");
        }
        return Optional.of(assembly.whole);
    }

    /** Takes a message to the chunk subject of one of our assemblies. Called by one thread. */
    void onChunk(String subject, @Nullable Headers headers, byte[] payload) {
        long id = id(subject, chunkPrefix);
        Assembly assembly = assemblies.get(id);
        if (assembly == null) {
            return; // given up already, or never asked for
        }
        String offset = headers == null ? null : headers.getFirst(OFFSET_HEADER);
        if (GONE.equals(offset)) {
            fail(id, assembly, "its sender has it no more");
        } else if (!Integer.toString(assembly.filled).equals(offset)
                || payload.length == 0
                || payload.length > assembly.bytes.length - assembly.filled) {
            fail(id, assembly, "chunk at " + assembly.filled + " is missing or does not fit");
        } else {
            System.arraycopy(payload, 0, assembly.bytes, assembly.filled, payload.length);
            assembly.filled += payload.length;
            assembly.lastNanos = System.nanoTime();
            if (assembly.filled == assembly.bytes.length && release(id, assembly)) {
                assembly.whole.complete(assembly.bytes);
            }
        }
    }

    private void fail(long id, Assembly assembly, String reason) {
        if (release(id, assembly)) {
            assembly.whole.completeExceptionally(new TransferLost(reason));
        }
    }

    private boolean release(long id, Assembly assembly) {
        boolean removed = assemblies.remove(id, assembly);
        if (removed) {
            assemblyCount.decrementAndGet();
            assemblyBytes.addAndGet(-assembly.bytes.length);
        }
        return removed;
    }

    /** Gives up what has come to a stop; to be called about once a second. */
    void sweep() {
        long now = System.nanoTime();
        for (Map.Entry<Long, Assembly> entry : new HashMap<>(assemblies).entrySet()) {
            if (now - entry.getValue().lastNanos > ASSEMBLY_IDLE_MAX.toNanos()) {
                fail(entry.getKey(), entry.getValue(), "nothing came for " + ASSEMBLY_IDLE_MAX);
            }
        }
        for (Iterator<Map.Entry<Long, Offer>> all = offers.entrySet().iterator(); all.hasNext(); ) {
            Map.Entry<Long, Offer> entry = all.next();
            Offer offer = entry.getValue();
            if (!offer.lasting() && now - offer.expiryNanos() > 0) {
                withdraw(entry.getKey());
            }
        }
    }

    /** Gives up all assemblies: the connection they came over is gone. */
    void disconnected() {
        new HashMap<>(assemblies).forEach((id, assembly) -> fail(id, assembly, "the connection broke"));
    }

    int assembliesUnderWay() {
        return assemblyCount.get();
    }

    private static long id(String subject, String prefix) {
        try {
            return Long.parseLong(subject.substring(prefix.length()));
        } catch (NumberFormatException e) {
            return -1; // no such thing
        }
    }

    /** A large payload that did not come whole. */
    static final class TransferLost extends Exception {
        private static final long serialVersionUID = 1L;

        TransferLost(String reason) {
            super(reason, null, false, false);
        }
    }
}
