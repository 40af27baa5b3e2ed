// The contract wasmcloud:httpserver, seen from the actor: HttpServer.HandleRequest.
#pragma once
#include "msgpack.h"

struct http_request {
    struct bytes method, path, query, body;
};

// Returns NULL, or what is wrong with the input. Headers are checked, not kept. Unknown fields are skipped.
static inline const char *http_request_parse(struct bytes input, struct http_request *request) {
    struct reader in = reader_of(input);
    bool header_seen = false;
    *request = (struct http_request){TEXT(""), TEXT(""), TEXT(""), TEXT("")};
    for (uint32_t fields = read_entries(&in, ITEM_MAP); fields > 0 && !in.bad; fields--) {
        struct bytes name = read_content(&in, ITEM_STR);
        if (bytes_equal(name, TEXT("method"))) {
            request->method = read_content(&in, ITEM_STR);
        } else if (bytes_equal(name, TEXT("path"))) {
            request->path = read_content(&in, ITEM_STR);
        } else if (bytes_equal(name, TEXT("queryString"))) {
            request->query = read_content(&in, ITEM_STR);
        } else if (bytes_equal(name, TEXT("body"))) {
            request->body = read_content(&in, ITEM_BIN);
        } else if (bytes_equal(name, TEXT("header"))) {
            header_seen = true;
            for (uint32_t headers = read_entries(&in, ITEM_MAP); headers > 0 && !in.bad; headers--) {
                read_content(&in, ITEM_STR);
                for (uint32_t values = read_entries(&in, ITEM_ARRAY); values > 0 && !in.bad; values--) {
                    read_content(&in, ITEM_STR);
                }
            }
        } else {
            skip_item(&in);
        }
    }
    if (in.bad) {
        return "HttpRequest is not the MessagePack map that wasmcloud:httpserver defines";
    }
    return header_seen ? 0 : "HttpRequest lacks the field header";
}

// The caller writes the header map next (http_response_header for each), then http_response_body, then the body itself.
static inline void http_response_start(struct writer *out, uint32_t status, uint8_t headers) {
    write_small_map(out, 3);
    write_str(out, TEXT("statusCode"));
    write_uint(out, status);
    write_str(out, TEXT("header"));
    write_small_map(out, headers);
}

static inline void http_response_header(struct writer *out, struct bytes name, struct bytes value) {
    write_str(out, name);
    write_small_array(out, 1);
    write_str(out, value);
}

static inline void http_response_body(struct writer *out, uint32_t length) {
    write_str(out, TEXT("body"));
    write_sized(out, 0xc4, length);
}
