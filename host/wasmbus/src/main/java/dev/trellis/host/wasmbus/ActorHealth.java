package dev.trellis.host.wasmbus;

import dev.trellis.host.wasmbus.MessagePackReader.FieldNames;
import dev.trellis.host.wasmbus.MessagePackReader.Fields;

/**
 * What an actor answers to {@code Actor.HealthRequest}.
 *
 * @param message what the actor says about it; empty if nothing
 */
public record ActorHealth(boolean healthy, String message) {
    static final String OPERATION = "Actor.HealthRequest";

    /** {@code HealthCheckRequest {}}. */
    static final GuestBytes REQUEST = GuestBytes.of(new byte[] {(byte) 0x80});

    private static final FieldNames RESPONSE = new FieldNames("healthy", "message");

    /** @throws MessagePackException if it is no {@code HealthCheckResponse} */
    static ActorHealth decode(GuestBytes response) {
        var in = new MessagePackReader(response);
        boolean healthy = false;
        String message = "";
        Fields fields = in.fields(RESPONSE);
        for (int field; (field = fields.next()) != Fields.END; ) {
            switch (field) {
                case 0 -> healthy = in.bool();
                default -> message = in.tryNil() ? "" : in.string();
            }
        }
        in.end();
        return new ActorHealth(healthy, message);
    }
}
