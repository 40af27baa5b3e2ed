package dev.trellis.lattice.nats;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.trellis.lattice.transport.KeyValueStore;
import dev.trellis.lattice.transport.MessageRules;
import dev.trellis.lattice.transport.Subscription;
import dev.trellis.lattice.transport.TransportException;
import dev.trellis.lattice.transport.TransportFailure;
import io.nats.client.Dispatcher;
import io.nats.client.Message;
import io.nats.client.impl.Headers;
import io.nats.client.support.JsonParseException;
import io.nats.client.support.JsonParser;
import io.nats.client.support.JsonValue;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A JetStream KV bucket (NATS ADR-8), by the JetStream API's own requests: so that each of them fails at once when the
 * connection breaks, and honours interrupts.
 */
final class NatsStore implements KeyValueStore {
    /** How long the server may take for one operation of a store. */
    static final Duration OPERATION_MAX = Duration.ofSeconds(5);

    static final String OPERATION_HEADER = "KV-Operation";

    private static final String EXPECTED_HEADER = "Nats-Expected-Last-Subject-Sequence";
    private static final String SEQUENCE_HEADER = "Nats-Sequence";
    private static final long NEVER = -1;
    private static final int NOT_FOUND_STATUS = 404;
    private static final int STREAM_NOT_FOUND = 10059;
    private static final int NO_MESSAGE_FOUND = 10037;
    private static final int WRONG_LAST_SEQUENCE = 10071;
    private static final int STREAM_NAME_IN_USE = 10058;
    private static final Headers DELETED = new Headers().put(OPERATION_HEADER, "DEL");
    private static final Logger LOG = LoggerFactory.getLogger(NatsStore.class);

    private final NatsTransport transport;
    private final String name;
    private final String stream;
    private final String prefix;
    private volatile boolean direct;
    /** Outages of the transport when the bucket was last seen; it may have gone in a later one. */
    private volatile long seenAt = NEVER;

    NatsStore(NatsTransport transport, String name) {
        this.transport = transport;
        this.name = name;
        this.stream = "KV_" + name;
        this.prefix = "$KV." + name + ".";
    }

    String name() {
        return name;
    }

    /** Creates the bucket if the lattice has none of that name. */
    void open() throws InterruptedException {
        long outages = transport.outages();
        JsonValue info = api("STREAM.INFO." + stream, "");
        if (errorCode(info) == STREAM_NOT_FOUND) {
            info = api("STREAM.CREATE." + stream, """
                    {"name":"%s","subjects":["%s>"],"retention":"limits","max_msgs_per_subject":1,"max_msgs":-1,\
                    "max_bytes":-1,"max_age":0,"max_msg_size":-1,"max_consumers":-1,"storage":"file","discard":"new",\
                    "num_replicas":1,"duplicate_window":120000000000,"allow_rollup_hdrs":true,"deny_delete":true,\
                    "allow_direct":true}""".formatted(stream, prefix));
            if (errorCode(info) == STREAM_NAME_IN_USE) {
                info = api("STREAM.INFO." + stream, ""); // somebody else was faster, with other settings
            } else if (errorCode(info) == 0) {
                LOG.info("Created store {}", name);
            }
        }
        if (errorCode(info) != 0) {
            throw refused(info);
        }
        JsonValue config = info.map == null ? null : info.map.get("config");
        JsonValue allowed = config == null || config.map == null ? null : config.map.get("allow_direct");
        direct = allowed != null && Boolean.TRUE.equals(allowed.bool);
        seenAt = outages;
    }

    /** One request of the JetStream API, and its reply, which may be an error. */
    JsonValue api(String operation, String json) throws InterruptedException {
        try {
            JsonValue reply =
                    parse(transport.requestRaw("$JS.API." + operation, null, json.getBytes(UTF_8), OPERATION_MAX));
            transport.sawStores();
            return reply;
        } catch (TransportException e) {
            if (e.failure() instanceof TransportFailure.NoResponders) {
                throw new TransportException(noStores(), e);
            }
            throw e;
        }
    }

    /** Nobody takes requests to the JetStream API: there is none, or it is at a server beyond ours, which is away. */
    private TransportFailure noStores() {
        return transport.storesSeen() || transport.serverHasStores()
                ? new TransportFailure.NoResponders("store " + name
                        + ": the NATS server that keeps it cannot be reached from the one we are connected to")
                : new TransportFailure.Refused(
                        "store " + name,
                        "the NATS server has no JetStream: start it with -js, or enable JetStream for this account;"
                                + " if it is a leaf node, its hub cannot be reached now");
    }

    private JsonValue parse(Message reply) {
        try {
            return JsonParser.parse(reply.getData());
        } catch (JsonParseException e) {
            throw new TransportException(
                    new TransportFailure.Refused("store " + name, "the server's reply is no JSON"), e);
        }
    }

    static int errorCode(JsonValue reply) {
        JsonValue error = reply.map == null ? null : reply.map.get("error");
        if (error == null || error.map == null) {
            return 0;
        }
        return (int) number(error, "err_code", number(error, "code", -1));
    }

    static long number(JsonValue object, String field, long otherwise) {
        JsonValue value = object.map == null ? null : object.map.get(field);
        return value == null || value.number == null ? otherwise : value.number.longValue();
    }

    TransportException refused(JsonValue reply) {
        JsonValue error = reply.map == null ? null : reply.map.get("error");
        JsonValue description = error == null || error.map == null ? null : error.map.get("description");
        String reason = description == null || description.string == null ? reply.toJson() : description.string;
        return new TransportException(new TransportFailure.Refused("store " + name, reason));
    }

    /** An operation on the bucket, which is made anew if the server came back without it. */
    private interface Operation<T> {
        T run() throws InterruptedException;
    }

    private <T> T onBucket(Operation<T> operation) throws InterruptedException {
        if (seenAt != transport.outages()) {
            open();
        }
        try {
            return operation.run();
        } catch (TransportException e) {
            if (e.failure() instanceof TransportFailure.TimedOut) {
                seenAt = NEVER; // a server says nothing to a direct read of a bucket that it does not have
            }
            if (!(e.failure() instanceof TransportFailure.NoResponders)) {
                throw e;
            }
            open(); // nobody took it, so it is safe to ask again
            return operation.run();
        }
    }

    @Override
    public Optional<Entry> get(String key) throws InterruptedException {
        MessageRules.checkKey(key);
        return onBucket(() -> last(key)).filter(last -> !last.deleted()).map(Last::entry);
    }

    /** The last message of a key: its value, or that it was deleted. */
    private record Last(Entry entry, boolean deleted) {}

    private Optional<Last> last(String key) throws InterruptedException {
        return direct ? lastDirect(key) : lastByApi(key);
    }

    private Optional<Last> lastDirect(String key) throws InterruptedException {
        Message reply = transport.requestRaw(
                "$JS.API.DIRECT.GET." + stream + "." + prefix + key, null, new byte[0], OPERATION_MAX);
        if (reply.isStatusMessage()) {
            if (reply.getStatus().getCode() == NOT_FOUND_STATUS) {
                return Optional.empty();
            }
            throw new TransportException(new TransportFailure.Refused(
                    "store " + name, String.valueOf(reply.getStatus().getMessage())));
        }
        Headers headers = reply.getHeaders();
        String sequence = headers == null ? null : headers.getFirst(SEQUENCE_HEADER);
        if (sequence == null) {
            throw new TransportException(
                    new TransportFailure.Refused("store " + name, "the server's reply has no " + SEQUENCE_HEADER));
        }
        return Optional.of(new Last(new Entry(key, reply.getData(), Long.parseLong(sequence)), isDeletion(headers)));
    }

    /** For buckets that others made without direct access. */
    private Optional<Last> lastByApi(String key) throws InterruptedException {
        JsonValue reply = api("STREAM.MSG.GET." + stream, "{\"last_by_subj\":\"" + prefix + key + "\"}");
        if (errorCode(reply) == NO_MESSAGE_FOUND) {
            return Optional.empty();
        }
        if (errorCode(reply) == STREAM_NOT_FOUND) {
            throw new TransportException(new TransportFailure.NoResponders("store " + name));
        }
        JsonValue message = reply.map == null ? null : reply.map.get("message");
        if (errorCode(reply) != 0 || message == null) {
            throw refused(reply);
        }
        String headers = new String(base64(message, "hdrs"), ISO_8859_1);
        boolean deleted = headers.contains(OPERATION_HEADER + ": DEL")
                || headers.contains(OPERATION_HEADER + ": PURGE")
                || headers.contains(OPERATION_HEADER + ":DEL")
                || headers.contains(OPERATION_HEADER + ":PURGE");
        return Optional.of(new Last(new Entry(key, base64(message, "data"), number(message, "seq", 0)), deleted));
    }

    private static byte[] base64(JsonValue object, String field) {
        JsonValue value = object.map == null ? null : object.map.get(field);
        return value == null || value.string == null
                ? new byte[0]
                : Base64.getDecoder().decode(value.string);
    }

    static boolean isDeletion(@Nullable Headers headers) {
        return headers != null && headers.getFirst(OPERATION_HEADER) != null;
    }

    @Override
    public long put(String key, byte[] value) throws InterruptedException {
        checkWrite(key, value);
        return onBucket(() -> write(key, value, null));
    }

    @Override
    public long create(String key, byte[] value) throws InterruptedException {
        checkWrite(key, value);
        try {
            return onBucket(() -> write(key, value, expecting(0)));
        } catch (TransportException e) {
            if (!(e.failure() instanceof TransportFailure.Conflict)) {
                throw e;
            }
            Optional<Last> last = onBucket(() -> last(key));
            if (last.isPresent() && !last.get().deleted()) {
                throw e;
            }
            long revision = last.isPresent() ? last.get().entry().revision() : 0;
            return onBucket(() -> write(key, value, expecting(revision)));
        }
    }

    @Override
    public long update(String key, byte[] value, long revision) throws InterruptedException {
        checkWrite(key, value);
        MessageRules.checkRevision(revision);
        return onBucket(() -> write(key, value, expecting(revision)));
    }

    @Override
    public void delete(String key) throws InterruptedException {
        if (get(key).isPresent()) {
            long _ = onBucket(() -> write(key, new byte[0], DELETED));
        }
    }

    @Override
    public void delete(String key, long revision) throws InterruptedException {
        MessageRules.checkKey(key);
        MessageRules.checkRevision(revision);
        Headers headers = expecting(revision).put(OPERATION_HEADER, "DEL");
        long _ = onBucket(() -> write(key, new byte[0], headers));
    }

    private void checkWrite(String key, byte[] value) {
        MessageRules.checkKey(key);
        MessageRules.checkValue(key, value);
        long most = transport.serverPayloadBytesMax() - 256;
        if (value.length > most) {
            throw new TransportException(new TransportFailure.PayloadTooLarge(key, value.length, most));
        }
    }

    private static Headers expecting(long revision) {
        return new Headers().put(EXPECTED_HEADER, Long.toString(revision));
    }

    private long write(String key, byte[] value, @Nullable Headers headers) throws InterruptedException {
        JsonValue reply = parse(transport.requestRaw(prefix + key, headers, value, OPERATION_MAX));
        if (errorCode(reply) == WRONG_LAST_SEQUENCE) {
            throw new TransportException(new TransportFailure.Conflict(key));
        }
        long revision = number(reply, "seq", 0);
        if (errorCode(reply) != 0 || revision < 1) {
            throw refused(reply);
        }
        return revision;
    }

    @Override
    public List<String> keys() throws InterruptedException {
        return snapshot(true).stream().map(Entry::key).toList();
    }

    @Override
    public List<Entry> entries() throws InterruptedException {
        return snapshot(false);
    }

    private List<Entry> snapshot(boolean headersOnly) throws InterruptedException {
        Waiter waiter = new Waiter("store " + name, Integer.MAX_VALUE);
        long token = transport.register(waiter);
        String inbox = transport.newInbox();
        Dispatcher dispatcher = transport.dispatcher(inbox, null, message -> onSnapshot(waiter, message));
        try {
            Consuming consuming = consume(inbox, headersOnly);
            java.util.Map<String, Entry> found = new java.util.LinkedHashMap<>();
            long pending = consuming.pending();
            while (pending > 0) {
                switch (waiter.take(OPERATION_MAX.toNanos())) {
                    case Waiter.Answer.Raw(Message message) -> {
                        Entry entry = entry(message);
                        if (isDeletion(message.getHeaders())) {
                            found.remove(entry.key());
                        } else {
                            found.put(entry.key(), entry);
                        }
                        pending = Math.min(pending - 1, message.metaData().pendingCount());
                    }
                    case Waiter.Answer.Failed(TransportFailure failure) -> throw new TransportException(failure);
                    case Waiter.Answer.Whole _ -> {}
                    case null ->
                        throw new TransportException(
                                new TransportFailure.TimedOut("store " + name, OPERATION_MAX.toMillis()));
                }
            }
            stopConsuming(consuming);
            return new ArrayList<>(found.values());
        } finally {
            transport.closeDispatcher(dispatcher);
            transport.unregister(token);
        }
    }

    private void onSnapshot(Waiter waiter, Message message) {
        if (message.isStatusMessage()) {
            answerFlowControl(message);
        } else {
            waiter.answer(new Waiter.Answer.Raw(message));
        }
    }

    /** Tells the server, if it asks, that we have taken what it sent so far. */
    void answerFlowControl(Message status) {
        String replyTo = status.getReplyTo();
        Headers headers = status.getHeaders();
        String stalled = headers == null ? null : headers.getFirst("Nats-Consumer-Stalled");
        String subject = replyTo != null ? replyTo : stalled;
        if (subject != null) {
            boolean _ = transport.send(subject, null, null, new byte[0]);
        }
    }

    /** The entry that a consumer delivered. */
    Entry entry(Message message) {
        String key = message.getSubject().substring(prefix.length());
        return new Entry(key, message.getData(), message.metaData().streamSequence());
    }

    /** A consumer that delivers every key, and then each change; how many it has to deliver at first. */
    record Consuming(String consumer, long pending) {}

    Consuming consume(String inbox, boolean headersOnly) throws InterruptedException {
        String request = """
                {"stream_name":"%s","config":{"deliver_subject":"%s","deliver_policy":"last_per_subject",\
                "filter_subject":"%s>","ack_policy":"none","max_deliver":1,"replay_policy":"instant",\
                "mem_storage":true,"flow_control":true,"idle_heartbeat":%d,"inactive_threshold":30000000000,\
                "headers_only":%s}}""".formatted(stream, inbox, prefix, NatsWatch.HEARTBEAT.toNanos(), headersOnly);
        JsonValue reply = api("CONSUMER.CREATE." + stream, request);
        if (errorCode(reply) == STREAM_NOT_FOUND) {
            open();
            reply = api("CONSUMER.CREATE." + stream, request);
        }
        JsonValue consumer = reply.map == null ? null : reply.map.get("name");
        if (errorCode(reply) != 0 || consumer == null || consumer.string == null) {
            throw refused(reply);
        }
        return new Consuming(consumer.string, number(reply, "num_pending", 0));
    }

    /** Frees the consumer at once; the server would do it after a while. */
    void stopConsuming(Consuming consuming) {
        boolean _ = transport.send(
                "$JS.API.CONSUMER.DELETE." + stream + "." + consuming.consumer(), null, null, new byte[0]);
    }

    @Override
    public Subscription watch(Consumer<Change> handler) throws InterruptedException {
        NatsWatch watch = new NatsWatch(transport, this, handler);
        watch.start();
        return watch;
    }
}
