package dev.trellis.providers.keyvaluenats;

import dev.trellis.lattice.contracts.keyvalue.ListKeysReply;
import dev.trellis.lattice.contracts.keyvalue.ListKeysRequest;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/** Parts of the keys of a bucket. */
final class KeyListing {
    /*
     * The store tells all its keys or none, and a cursor is a number. So keys are ordered by a hash of their names, which
     * stays the same while others come and go, and a cursor is the hash of the last key told. Keys of one hash are told
     * together; no hash is 0, the cursor to begin with.
     */

    /** Keys of one part; each is read, to leave out those that have expired. */
    static final int KEYS_MAX = 256;

    private static final long FNV_OFFSET = 0xcbf29ce484222325L;
    private static final long FNV_PRIME = 0x100000001b3L;

    private record Named(String keyName, long hash) {}

    private KeyListing() {}

    static ListKeysReply part(Bucket bucket, ListKeysRequest request) throws InterruptedException {
        int asked = request.getLimit() < 0 ? KEYS_MAX : Math.min(request.getLimit(), KEYS_MAX);
        List<Named> left = after(request.getCursor(), bucket.names());
        int end = Math.min(left.size(), asked == 0 ? KEYS_MAX : asked);
        while (end > 0
                && end < left.size()
                && left.get(end).hash() == left.get(end - 1).hash()) {
            end++;
        }
        var reply = ListKeysReply.newBuilder();
        for (Named named : left.subList(0, end)) {
            if (bucket.holds(named.keyName())) {
                KeyNames.decode(named.keyName()).ifPresent(reply::addKeys);
            }
        }
        return reply.setCursor(end == left.size() ? 0 : left.get(end - 1).hash())
                .build();
    }

    private static List<Named> after(long cursor, Collection<String> keyNames) {
        return keyNames.stream()
                .map(keyName -> new Named(keyName, hash(keyName)))
                .filter(named -> named.hash() > cursor)
                .sorted(Comparator.comparingLong(Named::hash))
                .toList();
    }

    /** FNV-1a of names, which are ASCII; 1 or more. */
    private static long hash(String keyName) {
        long hash = FNV_OFFSET;
        for (int i = 0; i < keyName.length(); i++) {
            hash = (hash ^ keyName.charAt(i)) * FNV_PRIME;
        }
        return Math.max(1, hash >>> 1);
    }
}
