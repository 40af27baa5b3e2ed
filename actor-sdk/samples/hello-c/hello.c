/* The same as hello-http, in C: /hello answers "Hello, World!"; any other path answers the method and the path with its
   query. The header x-method carries the method. */
#include "hello_c.h"

#include <stdlib.h>
#include <string.h>

static const char *const METHODS[] = {
    "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH",
};

/* Lets the bytes of a string be used without copying them; nothing of what this makes is freed. */
static hello_c_string_t text(const char *bytes) {
    return (hello_c_string_t){.ptr = (uint8_t *)bytes, .len = strlen(bytes)};
}

static hello_c_string_t method_of(wasi_http_types_borrow_incoming_request_t request) {
    wasi_http_types_method_t method;
    wasi_http_types_method_incoming_request_method(request, &method);
    return method.tag == WASI_HTTP_TYPES_METHOD_OTHER ? method.val.other : text(METHODS[method.tag]);
}

static wasi_http_types_own_fields_t headers(hello_c_string_t method) {
    hello_c_string_t plain = text("text/plain; charset=utf-8");
    wasi_http_types_tuple2_field_name_field_value_t list[] = {
        {text("content-type"), {plain.ptr, plain.len}},
        {text("x-method"), {method.ptr, method.len}},
    };
    wasi_http_types_list_tuple2_field_name_field_value_t entries = {list, 2};
    wasi_http_types_own_fields_t fields;
    wasi_http_types_header_error_t error;
    if (!wasi_http_types_static_fields_from_list(&entries, &fields, &error)) {
        abort(); /* These are headers that HTTP allows. */
    }
    return fields;
}

/* METHOD PATH and a line break, or the greeting. */
static hello_c_list_u8_t answer_to(hello_c_string_t method, hello_c_string_t path) {
    static const char HELLO[] = "Hello, World!";
    if (path.len == 6 && memcmp(path.ptr, "/hello", 6) == 0) {
        return (hello_c_list_u8_t){(uint8_t *)HELLO, sizeof HELLO - 1};
    }
    hello_c_list_u8_t answer = {malloc(method.len + path.len + 2), method.len + path.len + 2};
    if (answer.ptr == NULL) {
        abort();
    }
    memcpy(answer.ptr, method.ptr, method.len);
    answer.ptr[method.len] = ' ';
    memcpy(answer.ptr + method.len + 1, path.ptr, path.len);
    answer.ptr[answer.len - 1] = '\n';
    return answer;
}

static void write_all(wasi_http_types_own_output_stream_t stream, hello_c_list_u8_t bytes) {
    wasi_io_streams_borrow_output_stream_t borrowed = wasi_io_streams_borrow_output_stream(stream);
    while (bytes.len > 0) {
        /* One call takes at most 4096 bytes. */
        hello_c_list_u8_t piece = {bytes.ptr, bytes.len < 4096 ? bytes.len : 4096};
        wasi_io_streams_stream_error_t error;
        if (!wasi_io_streams_method_output_stream_blocking_write_and_flush(borrowed, &piece, &error)) {
            wasi_io_streams_stream_error_free(&error);
            return; /* A caller that went away is no error of this actor's. */
        }
        bytes.ptr += piece.len;
        bytes.len -= piece.len;
    }
}

/* What is allocated here is not freed: an instance starts each call with its memory as it was at first. */
void exports_wasi_http_incoming_handler_handle(exports_wasi_http_incoming_handler_own_incoming_request_t request,
                                               exports_wasi_http_incoming_handler_own_response_outparam_t out) {
    wasi_http_types_borrow_incoming_request_t asked = wasi_http_types_borrow_incoming_request(request);
    hello_c_string_t method = method_of(asked);
    hello_c_string_t path;
    if (!wasi_http_types_method_incoming_request_path_with_query(asked, &path)) {
        path = text("");
    }

    wasi_http_types_own_outgoing_response_t response =
        wasi_http_types_constructor_outgoing_response(headers(method));
    wasi_http_types_own_outgoing_body_t body;
    if (!wasi_http_types_method_outgoing_response_body(wasi_http_types_borrow_outgoing_response(response), &body)) {
        abort(); /* It was not taken yet. */
    }
    wasi_http_types_result_own_outgoing_response_error_code_t result = {.is_err = false, .val.ok = response};
    wasi_http_types_static_response_outparam_set(out, &result);

    wasi_http_types_own_output_stream_t stream;
    if (wasi_http_types_method_outgoing_body_write(wasi_http_types_borrow_outgoing_body(body), &stream)) {
        write_all(stream, answer_to(method, path));
        wasi_io_streams_output_stream_drop_own(stream);
    }
    wasi_http_types_error_code_t error;
    wasi_http_types_static_outgoing_body_finish(body, NULL, &error);
    wasi_http_types_incoming_request_drop_own(request);
}
