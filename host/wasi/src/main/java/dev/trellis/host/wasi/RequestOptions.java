package dev.trellis.host.wasi;

import dev.trellis.host.component.ComponentImports.Interface;
import dev.trellis.host.component.ComponentImports.Resource;
import dev.trellis.lattice.contracts.http.OutgoingRequest;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The resource {@code request-options}: times that a guest gives a request, in nanoseconds. Used by the guest's thread. */
final class RequestOptions {
    static final Resource<RequestOptions> RESOURCE = Resource.of("request-options", RequestOptions.class);

    private static final long MILLIS_MAX = 0xffff_ffffL;
    private static final long NANOS_PER_MILLI = 1_000_000;

    private enum Time {
        CONNECT("connect-timeout"),
        FIRST_BYTE("first-byte-timeout"),
        BETWEEN_BYTES("between-bytes-timeout");

        private final String label;

        Time(String label) {
            this.label = label;
        }
    }

    private final Map<Time, Long> nanos = new EnumMap<>(Time.class);

    /** Says them in {@code request}. */
    void putInto(OutgoingRequest.Builder request) {
        request.setConnectTimeoutMs(millis(Time.CONNECT))
                .setFirstByteTimeoutMs(millis(Time.FIRST_BYTE))
                .setBetweenBytesTimeoutMs(millis(Time.BETWEEN_BYTES));
    }

    /** As uint32; 0 is none. */
    private int millis(Time time) {
        Long given = nanos.get(time);
        if (given == null) {
            return 0;
        }
        long millis = Long.divideUnsigned(given, NANOS_PER_MILLI)
                + (Long.remainderUnsigned(given, NANOS_PER_MILLI) == 0 ? 0 : 1);
        return (int) Math.clamp(millis, 1, MILLIS_MAX);
    }

    private static RequestOptions self(@Nullable Object[] args) {
        return Arguments.of(RequestOptions.class, args, 0);
    }

    static void addTo(Interface.Builder types) {
        types.resource(RESOURCE).function("[constructor]request-options", (_, _) -> new RequestOptions());
        for (Time time : Time.values()) {
            types.function(
                    "[method]request-options." + time.label,
                    (_, args) -> Optional.ofNullable(self(args).nanos.get(time)));
            types.function("[method]request-options.set-" + time.label, (_, args) -> {
                Arguments.option(args, 1)
                        .ifPresentOrElse(
                                given -> self(args).nanos.put(time, (Long) given),
                                () -> self(args).nanos.remove(time));
                return HttpFields.DONE;
            });
        }
    }
}
