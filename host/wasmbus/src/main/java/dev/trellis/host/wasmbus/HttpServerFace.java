package dev.trellis.host.wasmbus;

import com.google.protobuf.ByteString;
import dev.trellis.host.wasmbus.MessagePackReader.FieldNames;
import dev.trellis.host.wasmbus.MessagePackReader.Fields;
import dev.trellis.lattice.contracts.http.Header;
import dev.trellis.lattice.contracts.http.HttpRequest;
import dev.trellis.lattice.contracts.http.HttpResponse;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** {@code wasmcloud:httpserver} as classic actors see it: requests to them, their responses. */
final class HttpServerFace {
    static final String OPERATION = "HttpServer.HandleRequest";

    /** Header lines of one response; more are an error. */
    static final int HEADER_LINES_MAX = 1_024;

    static final int STATUS_MIN = 100;
    static final int STATUS_MAX = 999;

    private static final FieldNames RESPONSE = new FieldNames("statusCode", "header", "body");

    private static final byte[] METHOD = Literals.string("method");
    private static final byte[] PATH = Literals.string("path");
    private static final byte[] QUERY_STRING = Literals.string("queryString");
    private static final byte[] HEADER = Literals.string("header");
    private static final byte[] BODY = Literals.string("body");

    /** Requests with more header lines than this are grouped through a hash map. */
    private static final int SCANNED_LINES_MAX = 24;

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
        List<Header> lines = request.getHeadersList();
        if (lines.size() <= SCANNED_LINES_MAX) {
            writeScanned(out, lines);
        } else {
            writeHashed(out, lines);
        }
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
                case 1 -> readHeaders(in, reply);
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

    private static void readHeaders(MessagePackReader in, HttpResponse.Builder reply) {
        int names = in.mapSize();
        int linesMax = HEADER_LINES_MAX;
        if (names > linesMax) {
            throw tooManyLines();
        }
        for (int i = 0; i < names; i++) {
            String name = in.string();
            int values = in.arraySize();
            linesMax -= values;
            if (linesMax < 0) {
                throw tooManyLines();
            }
            for (int j = 0; j < values; j++) {
                reply.addHeaders(Header.newBuilder().setName(name).setValue(in.string()));
            }
        }
    }

    private static MessagePackException tooManyLines() {
        return new MessagePackException("header must have at most " + HEADER_LINES_MAX + " lines");
    }

    private static void writeScanned(MessagePackWriter out, List<Header> lines) {
        int names = 0;
        for (int i = 0; i < lines.size(); i++) {
            if (isFirst(lines, i)) {
                names++;
            }
        }
        out.mapHeader(names);
        for (int i = 0; i < lines.size(); i++) {
            if (!isFirst(lines, i)) {
                continue;
            }
            String name = lines.get(i).getName();
            int values = 0;
            for (int j = i; j < lines.size(); j++) {
                if (lines.get(j).getName().equals(name)) {
                    values++;
                }
            }
            out.string(name);
            out.arrayHeader(values);
            for (int j = i; values > 0; j++) {
                if (lines.get(j).getName().equals(name)) {
                    out.string(lines.get(j).getValue());
                    values--;
                }
            }
        }
    }

    private static boolean isFirst(List<Header> lines, int index) {
        String name = lines.get(index).getName();
        for (int i = 0; i < index; i++) {
            if (lines.get(i).getName().equals(name)) {
                return false;
            }
        }
        return true;
    }

    private static void writeHashed(MessagePackWriter out, List<Header> lines) {
        Map<String, List<String>> grouped = new LinkedHashMap<>();
        for (Header line : lines) {
            grouped.computeIfAbsent(line.getName(), _ -> new ArrayList<>()).add(line.getValue());
        }
        out.mapHeader(grouped.size());
        grouped.forEach((name, values) -> {
            out.string(name);
            out.arrayHeader(values.size());
            values.forEach(out::string);
        });
    }

    private static int capacity(HttpRequest request) {
        ByteString body = request.getBody();
        int headers = 0;
        for (int i = 0; i < request.getHeadersCount(); i++) {
            Header line = request.getHeaders(i);
            headers += line.getName().length() + line.getValue().length() + 6;
        }
        return 64 + request.getPath().length() + request.getQuery().length() + headers + body.size();
    }
}
