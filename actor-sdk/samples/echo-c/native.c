// The echo sample as a native program: one HttpRequest (MessagePack) on stdin, its HttpResponse on stdout.
// For measuring what a process per request costs. Exit code 1 and a sentence on stderr if it fails.
#include <stdio.h>

#include "handler.h"

enum { REQUEST_BYTES_MAX = 1 << 20 };

static int fail(const char *why) {
    fprintf(stderr, "echo-c: %s\n", why);
    return 1;
}

int main(void) {
    static uint8_t request[REQUEST_BYTES_MAX + 1];
    size_t request_length = fread(request, 1, sizeof request, stdin);
    if (request_length > REQUEST_BYTES_MAX) {
        return fail("request is longer than 1 MiB");
    }
    static uint8_t response[2 * REQUEST_BYTES_MAX + 256]; // response_bytes_max of the longest request
    uint32_t response_length = 0;
    const char *fault = handle_request((struct bytes){request, (uint32_t)request_length}, response, sizeof response,
                                       &response_length);
    if (fault) {
        return fail(fault);
    }
    return fwrite(response, 1, response_length, stdout) == response_length ? 0 : fail("stdout does not take the response");
}
