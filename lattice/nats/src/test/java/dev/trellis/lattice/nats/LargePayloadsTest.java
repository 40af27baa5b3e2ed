package dev.trellis.lattice.nats;

import static org.assertj.core.api.Assertions.assertThat;

import dev.trellis.lattice.nats.LargePayloads.Announcement;
import dev.trellis.lattice.transport.LatticeTransport;
import io.nats.client.impl.Headers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a hostile sender or receiver can do. */
class LargePayloadsTest {
    private static final String FROM = "_INBOX.sender.o.1";

    private record Sent(
            String subject,
            @Nullable String replyTo,
            @Nullable String offset) {}

    private final List<Sent> sent = new CopyOnWriteArrayList<>();
    private final LargePayloads large = new LargePayloads(
            new LargePayloads.Sender() {
                @Override
                public boolean send(
                        String subject, @Nullable String replyTo, @Nullable Headers headers, byte[] payload) {
                    String offset = headers == null ? null : headers.getFirst(LargePayloads.OFFSET_HEADER);
                    sent.add(new Sent(subject, replyTo, offset));
                    return true;
                }

                @Override
                public void flush(Duration timeout) {}

                @Override
                public long serverPayloadBytesMax() {
                    return 1 << 20;
                }
            },
            "_INBOX.me.o.",
            "_INBOX.me.c.");

    private CompletableFuture<byte[]> fetch(int bytes) {
        return large.fetch(new Announcement(bytes, FROM), "a.subject").orElseThrow();
    }

    private String chunkSubject() {
        String replyTo = sent.getLast().replyTo();
        assertThat(replyTo).isNotNull();
        return String.valueOf(replyTo);
    }

    private static Headers at(String offset) {
        return new Headers().put(LargePayloads.OFFSET_HEADER, offset);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "10",
                "10 ",
                "x _INBOX.a",
                "-1 _INBOX.a",
                "0 _INBOX.a",
                "16777217 _INBOX.a",
                "999999999 _INBOX.a",
                "99999999999999999999 _INBOX.a",
                "10 calls.a",
                "10 $JS.API.STREAM.DELETE.x",
                "10 _INBOX.a b",
                "10 _INBOX.*",
                "10 _INBOX.>",
                "+5 _INBOX.a"
            })
    void announcement_notValid_isIgnored(String header) {
        assertThat(Announcement.parse(header)).isEmpty();
    }

    @Test
    void announcement_largest_isTaken() {
        assertThat(Announcement.parse(LatticeTransport.PAYLOAD_BYTES_MAX + " " + FROM))
                .contains(new Announcement(LatticeTransport.PAYLOAD_BYTES_MAX, FROM));
    }

    @Test
    void chunks_inOrder_makeTheWhole() {
        CompletableFuture<byte[]> whole = fetch(5);
        String subject = chunkSubject();

        large.onChunk(subject, at("0"), new byte[] {1, 2, 3});
        large.onChunk(subject, at("3"), new byte[] {4, 5});

        assertThat(whole).isCompletedWithValueMatching(bytes -> bytes.length == 5 && bytes[4] == 5);
        assertThat(large.assembliesUnderWay()).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"3", "-1", "999999999", "99999999999999999999", "x", "", "gone", "00"})
    void chunk_firstWithWrongOffset_endsTheAssembly(String offset) {
        CompletableFuture<byte[]> whole = fetch(5);

        large.onChunk(chunkSubject(), at(offset), new byte[] {1});

        assertThat(whole).isCompletedExceptionally();
        assertThat(large.assembliesUnderWay()).isZero();
    }

    @Test
    void chunk_twice_endsTheAssembly() {
        CompletableFuture<byte[]> whole = fetch(5);
        String subject = chunkSubject();

        large.onChunk(subject, at("0"), new byte[] {1});
        large.onChunk(subject, at("0"), new byte[] {1});

        assertThat(whole).isCompletedExceptionally();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 6, 1_000_000})
    void chunk_emptyOrTooLong_endsTheAssembly(int length) {
        CompletableFuture<byte[]> whole = fetch(5);

        large.onChunk(chunkSubject(), at("0"), new byte[length]);

        assertThat(whole).isCompletedExceptionally();
    }

    @Test
    void chunk_withoutHeader_endsTheAssembly() {
        CompletableFuture<byte[]> whole = fetch(5);

        large.onChunk(chunkSubject(), null, new byte[] {1});

        assertThat(whole).isCompletedExceptionally();
    }

    @ParameterizedTest
    @ValueSource(strings = {"_INBOX.me.c.99", "_INBOX.me.c.", "_INBOX.me.c.x", "_INBOX.me.c.-1"})
    void chunk_neverAskedFor_isIgnored(String subject) {
        CompletableFuture<byte[]> whole = fetch(5);

        large.onChunk(subject, at("0"), new byte[] {1});

        assertThat(whole).isNotDone();
    }

    @Test
    void offers_endlessLargest_stayWithinTheBound() {
        List<CompletableFuture<byte[]>> taken = new ArrayList<>();
        for (int i = 0; i < 1_000; i++) {
            large.fetch(new Announcement(LatticeTransport.PAYLOAD_BYTES_MAX, FROM), "a.subject")
                    .ifPresent(taken::add);
        }
        assertThat((long) taken.size() * LatticeTransport.PAYLOAD_BYTES_MAX)
                .isEqualTo(LargePayloads.ASSEMBLY_BYTES_MAX);

        large.disconnected();

        assertThat(taken).allSatisfy(one -> assertThat(one).isCompletedExceptionally());
        assertThat(large.fetch(new Announcement(1, FROM), "a.subject")).isPresent();
    }

    @Test
    void offers_endlessSmall_stayWithinTheBound() {
        for (int i = 0; i < 10_000; i++) {
            Optional<CompletableFuture<byte[]>> _ = large.fetch(new Announcement(1, FROM), "a.subject");
        }
        assertThat(large.assembliesUnderWay()).isEqualTo(LargePayloads.ASSEMBLIES_MAX);
    }

    @Test
    void fetch_ofNothingOffered_isToldSo() {
        large.onFetch("_INBOX.me.o.77", "_INBOX.other.c.1");
        assertThat(sent).containsExactly(new Sent("_INBOX.other.c.1", null, "gone"));
    }

    @Test
    void fetch_toNoInbox_isIgnored() {
        long id = large.offer(new byte[10], true);

        large.onFetch("_INBOX.me.o." + id, null);
        large.onFetch("_INBOX.me.o." + id, "wasmbus.ctl.v1.default.host.stop");

        assertThat(sent).isEmpty();
    }

    @Test
    void fetch_withdrawnOffer_isToldSo() {
        long id = large.offer(new byte[10], false);
        large.withdraw(id);

        large.onFetch("_INBOX.me.o." + id, "_INBOX.other.c.1");

        assertThat(sent).extracting(Sent::offset).containsExactly("gone");
    }
}
