#include "handler.h"

#include "httpserver.h"

static void write_head(struct writer *out, struct bytes method, uint32_t body_length) {
    http_response_start(out, 200, 2);
    http_response_header(out, TEXT("content-type"), TEXT("text/plain"));
    http_response_header(out, TEXT("x-method"), method);
    http_response_body(out, body_length);
}

const char *handle_request(struct bytes input, uint8_t *response, uint32_t response_size, uint32_t *response_length) {
    struct http_request request;
    const char *fault = http_request_parse(input, &request);
    if (fault) {
        return fault;
    }
    struct writer out = writer_of(response, response_size);
    if (bytes_equal(request.path, TEXT("/hello"))) {
        write_head(&out, request.method, 13);
        write_raw(&out, TEXT("Hello, World!"));
    } else {
        uint32_t query_length = request.query.length ? 1 + request.query.length : 0;
        write_head(&out, request.method,
                   request.method.length + 1 + request.path.length + query_length + 1 + request.body.length);
        write_raw(&out, request.method);
        write_raw(&out, TEXT(" "));
        write_raw(&out, request.path);
        if (query_length) {
            write_raw(&out, TEXT("?"));
            write_raw(&out, request.query);
        }
        write_raw(&out, TEXT("\n"));
        write_raw(&out, request.body);
    }
    *response_length = written(&out).length;
    return out.full ? "HttpResponse does not fit" : 0;
}
