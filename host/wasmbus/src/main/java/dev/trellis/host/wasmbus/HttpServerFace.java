package dev.trellis.host.wasmbus;

import com.google.protobuf.ByteString;
import dev.trellis.host.wasmbus.MessagePackReader.FieldNames;
import dev.trellis.host.wasmbus.MessagePackReader.Fields;
import dev.trellis.lattice.contracts.http.HttpRequest;
import dev.trellis.lattice.contracts.http.HttpResponse;

/** {@code wasmcloud:httpserver} as classic actors see it: requests to them, their responses. */
final class HttpServerFace {
    static final String OPERATION = "HttpServer.HandleRequest";

    static final int STATUS_MIN = 100;
    static final int STATUS_MAX = 999;

    private static final FieldNames RESPONSE = new FieldNames("statusCode", "header", "body");

    private static final byte[] METHOD = Literals.string("method");
    private static final byte[] PATH = Literals.string("path");
    private static final byte[] QUERY_STRING = Literals.string("queryString");
    private static final byte[] HEADER = Literals.string("header");
    private static final byte[] BODY = Literals.string("body");

    private HttpServerFace() {}

    /** The request for the guest: header lines grouped by name, names in the order in which they first appear. */
    static GuestBytes encode(HttpRequest request) {
        var out = new MessagePackWriter(capacity(request));
        out.mapHeader(5);
        out.raw(METHOD);
        out.string(request.getMethod());
        out.raw(PATH);
        out.string(request.getPath());
        out.raw(QUERY_STRING);
        out.string(request.getQuery());
        out.raw(HEADER);
        HeaderMap.write(out, request.getHeadersList());
        out.raw(BODY);
        out.binary(request.getBody());
        return out.finish();
    }

    /**
     * The response that the guest gave; its body shares the array.
     *
     * @throws MessagePackException if it is none, or its status is not one of HTTP
     */
    static HttpResponse decode(GuestBytes response) {
        var in = new MessagePackReader(response);
        var reply = HttpResponse.newBuilder();
        int status = 0;
        Fields fields = in.fields(RESPONSE);
        for (int field; (field = fields.next()) != Fields.END; ) {
            switch (field) {
                case 0 -> status = (int) in.integer(0, 0xffff);
                case 1 -> HeaderMap.read(in, "header", reply::addHeaders);
                default -> reply.setBody(in.binary());
            }
        }
        in.end();
        fields.require(1);
        if (status < STATUS_MIN || status > STATUS_MAX) {
            throw new MessagePackException(
                    "statusCode must be from " + STATUS_MIN + " to " + STATUS_MAX + ", was " + status);
        }
        return reply.setStatus(status).build();
    }

    private static int capacity(HttpRequest request) {
        ByteString body = request.getBody();
        int headers = HeaderMap.capacity(request.getHeadersList());
        return 64 + request.getPath().length() + request.getQuery().length() + headers + body.size();
    }
}
