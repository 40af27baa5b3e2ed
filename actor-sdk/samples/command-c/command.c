// A command module: it exports _start only, so every call is a run of its own. The operation is the last argument,
// the payload comes on stdin, the result goes to stdout. Failure is a sentence on stderr and exit code 1.
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "handler.h"

enum { PAYLOAD_BYTES_MAX = 1 << 20 };

static bool put(int fd, const void *bytes, size_t length) {
    const char *at = bytes;
    while (length > 0) {
        ssize_t taken = write(fd, at, length);
        if (taken <= 0) {
            return false;
        }
        at += taken;
        length -= (size_t)taken;
    }
    return true;
}

static int fail(const char *why, const char *value) {
    put(STDERR_FILENO, "command-c: ", 11);
    put(STDERR_FILENO, why, strlen(why));
    put(STDERR_FILENO, value, strlen(value));
    put(STDERR_FILENO, "\n", 1);
    return 1;
}

static int answer(const void *bytes, size_t length) {
    return put(STDOUT_FILENO, bytes, length) ? 0 : fail("stdout does not take the result", "");
}

// NULL if the payload cannot be read or is too long: the failure is reported already.
static const uint8_t *read_payload(size_t *length) {
    static uint8_t payload[PAYLOAD_BYTES_MAX + 1];
    *length = 0;
    for (;;) {
        ssize_t more = read(STDIN_FILENO, payload + *length, sizeof payload - *length);
        if (more < 0) {
            fail("stdin cannot be read", "");
            return 0;
        }
        if (more == 0) {
            return payload;
        }
        *length += (size_t)more;
        if (*length > PAYLOAD_BYTES_MAX) {
            fail("payload is longer than 1 MiB", "");
            return 0;
        }
    }
}

static int echo(void) {
    size_t length;
    const uint8_t *payload = read_payload(&length);
    return payload ? answer(payload, length) : 1;
}

static int serve_http(void) {
    static uint8_t response[2 * PAYLOAD_BYTES_MAX + 256]; // response_bytes_max of the longest request
    size_t request_length;
    const uint8_t *request = read_payload(&request_length);
    if (!request) {
        return 1;
    }
    uint32_t response_length = 0;
    const char *fault = handle_request((struct bytes){request, (uint32_t)request_length}, response, sizeof response,
                                       &response_length);
    return fault ? fail(fault, "") : answer(response, response_length);
}

int main(int argc, char **argv) {
    const char *operation = argc > 1 ? argv[argc - 1] : "";
    if (strcmp(operation, "Actor.HealthRequest") == 0) {
        return answer("\x81\xa7healthy\xc3", 10);
    }
    if (strcmp(operation, "HttpServer.HandleRequest") == 0) {
        return serve_http();
    }
    if (strcmp(operation, "Command.Echo") == 0) {
        return echo();
    }
    if (strcmp(operation, "Command.Arguments") == 0) {
        for (int i = 0; i < argc; i++) {
            if (answer(argv[i], strlen(argv[i])) != 0 || answer("\n", 1) != 0) {
                return 1;
            }
        }
        return 0;
    }
    if (strcmp(operation, "Command.Exit") == 0) {
        exit(7);
    }
    return fail("method not handled ", operation);
}
