package dev.trellis.host.wasmbus;

import com.google.protobuf.MessageLite;
import dev.trellis.host.wasmbus.MessagePackReader.FieldNames;
import dev.trellis.host.wasmbus.MessagePackReader.Fields;
import dev.trellis.lattice.contracts.http.HttpResponse;
import dev.trellis.lattice.contracts.http.OutgoingRequest;

/**
 * {@code wasmcloud:httpclient} as classic actors see it: their requests, the responses of servers. The request says
 * {@code headers}, the response {@code header}.
 */
final class HttpClientFace {
    /** Operation names begin with it on the guest's side. */
    static final String SERVICE = "HttpClient.";

    private static final FieldNames REQUEST = new FieldNames("method", "url", "headers", "body");
    private static final int HEADERS = 2;

    private static final byte[] STATUS_CODE = Literals.string("statusCode");
    private static final byte[] HEADER = Literals.string("header");
    private static final byte[] BODY = Literals.string("body");

    private HttpClientFace() {}

    /**
     * The request that the guest makes; its body shares the array.
     *
     * @param operation {@code Request}, the only one
     * @throws MessagePackException if it is none
     */
    static MessageLite decode(String operation, GuestBytes request) {
        var in = new MessagePackReader(request);
        var message = OutgoingRequest.newBuilder();
        Fields fields = in.fields(REQUEST);
        for (int field; (field = fields.next()) != Fields.END; ) {
            switch (field) {
                case 0 -> message.setMethodBytes(in.text());
                case 1 -> message.setUrlBytes(in.text());
                case HEADERS -> HeaderMap.read(in, "headers", message::addHeaders);
                default -> message.setBody(in.binary());
            }
        }
        in.end();
        fields.require(HEADERS);
        return message.build();
    }

    /**
     * The response for the guest.
     *
     * @throws MessagePackException if it is not an HTTP response
     */
    static GuestBytes encode(MessageLite reply) {
        if (!(reply instanceof HttpResponse response)) {
            throw new MessagePackException(
                    "must be an HttpResponse, was a " + reply.getClass().getSimpleName());
        }
        var out = new MessagePackWriter(48
                + HeaderMap.capacity(response.getHeadersList())
                + response.getBody().size());
        out.mapHeader(3);
        out.raw(STATUS_CODE);
        out.integer(response.getStatus());
        out.raw(HEADER);
        HeaderMap.write(out, response.getHeadersList());
        out.raw(BODY);
        out.binary(response.getBody());
        return out.finish();
    }
}
