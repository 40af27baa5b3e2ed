package dev.trellis.lattice.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InProcessTransportTest extends LatticeTransportContract {
    private final InProcessLattice lattice = new InProcessLattice();

    @Override
    protected LatticeTransport join() {
        return lattice.join();
    }

    @AfterEach
    void closeLattice() {
        lattice.close();
    }

    @Test
    void publish_subscriberTooSlow_dropsAndGoesOn() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        BlockingQueue<String> received = new LinkedBlockingQueue<>();
        bob.subscribe("slow", incoming -> {
            try {
                release.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            received.add(text(incoming.message()));
        });

        for (int i = 0; i < LatticeTransport.SUBSCRIPTION_QUEUE_MAX + 100; i++) {
            alice.publish("slow", bytes(Integer.toString(i)));
        }
        release.countDown();

        for (int i = 0; i < LatticeTransport.SUBSCRIPTION_QUEUE_MAX; i++) {
            assertThat(take(received)).isEqualTo(Integer.toString(i));
        }
        alice.publish("slow", bytes("after"));
        String next = take(received);
        while (!next.equals("after")) {
            next = take(received); // the first one may have left the queue before it was full
        }
    }

    @Test
    void watch_watcherTooSlow_isToldEverythingAnew() throws Exception {
        KeyValueStore store = alice.store("slow");
        CountDownLatch started = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        BlockingQueue<KeyValueStore.Change> changes = new LinkedBlockingQueue<>();
        bob.store("slow").watch(change -> {
            started.countDown();
            try {
                release.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            changes.add(change);
        });

        started.await(); // it holds what it was told first, and takes nothing more
        for (int i = 0; i < InProcessStore.WATCH_QUEUE_MAX + 100; i++) {
            store.put("k", bytes(Integer.toString(i)));
        }
        release.countDown();

        while (!next(changes).equals("restarted")) {
            // what was queued before
        }
        assertThat(next(changes)).isEqualTo("k=" + (InProcessStore.WATCH_QUEUE_MAX + 99));
        assertThat(next(changes)).isEqualTo("caught up");
    }

    @Test
    void persistentLattice_openedAgain_hasItsStores(@TempDir Path directory) throws Exception {
        long last;
        try (var first = InProcessLattice.persistent(directory)) {
            KeyValueStore store = first.join().store("s");
            store.put("kept", bytes("1"));
            store.put("kept", bytes("2"));
            store.put("gone", bytes("3"));
            store.delete("gone");
            last = store.put("last", new byte[0]);
        }
        try (var second = InProcessLattice.persistent(directory)) {
            KeyValueStore store = second.join().store("s");
            assertThat(store.keys()).containsExactlyInAnyOrder("kept", "last");
            assertThat(store.get("kept"))
                    .hasValueSatisfying(e -> assertThat(e.value()).isEqualTo(bytes("2")));
            assertThat(store.put("new", bytes("4"))).isEqualTo(last + 1);
        }
    }

    @Test
    void persistentLattice_tornTail_isCutOff(@TempDir Path directory) throws Exception {
        try (var first = InProcessLattice.persistent(directory)) {
            first.join().store("s").put("a", bytes("1"));
            first.join().store("s").put("b", bytes("2"));
        }
        try (var file = new RandomAccessFile(directory.resolve("s.store").toFile(), "rw")) {
            file.setLength(file.length() - 1);
        }
        try (var second = InProcessLattice.persistent(directory)) {
            KeyValueStore store = second.join().store("s");
            assertThat(store.keys()).containsExactly("a");
            store.put("c", bytes("3"));
        }
        try (var third = InProcessLattice.persistent(directory)) {
            assertThat(third.join().store("s").keys()).containsExactly("a", "c");
        }
    }

    @Test
    void persistentLattice_muchOverwritten_fileStaysSmall(@TempDir Path directory) throws Exception {
        byte[] value = new byte[500_000];
        long last = 0;
        try (var first = InProcessLattice.persistent(directory)) {
            KeyValueStore store = first.join().store("s");
            store.put("kept", bytes("1"));
            for (int i = 0; i < 20; i++) {
                last = store.put("k", value);
            }
            store.delete("k");
            last++;
        }
        assertThat(Files.size(directory.resolve("s.store"))).isLessThan(6_000_000);
        try (var second = InProcessLattice.persistent(directory)) {
            KeyValueStore store = second.join().store("s");
            assertThat(store.keys()).containsExactly("kept");
            assertThat(store.put("new", value)).isEqualTo(last + 1);
        }
    }

    @Test
    void persistentLattice_writerInterrupted_storeGoesOn(@TempDir Path directory) throws Exception {
        try (var lattice = InProcessLattice.persistent(directory)) {
            KeyValueStore store = lattice.join().store("s");
            Thread.currentThread().interrupt();
            store.put("a", bytes("1"));
            assertThat(Thread.interrupted()).isTrue();
            store.put("b", bytes("2"));
            assertThat(store.keys()).containsExactly("a", "b");
        }
    }

    @Test
    void persistentLattice_directoryInUse_isRefused(@TempDir Path directory) throws Exception {
        try (var _ = InProcessLattice.persistent(directory)) {
            assertThatIOException()
                    .isThrownBy(() -> InProcessLattice.persistent(directory))
                    .withMessageContaining("in use");
        }
    }
}
