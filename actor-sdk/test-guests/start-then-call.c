// Built like TinyGo builds actors: _start, which the host must run once before the first __guest_call, and a WASI
// import. With -DREACTOR it exports _initialize instead, with -DWAPC wapc_init.
//
//   Start.Count  answers one byte: how often the start function ran. Fails if it never did.
#include "wasmbus.h"

#if defined REACTOR
#define START "_initialize"
#elif defined WAPC
#define START "wapc_init"
#else
#define START "_start"
#endif

struct iovec {
    const void *at;
    uint32_t length;
};

__attribute__((import_module("wasi_snapshot_preview1"), import_name("fd_write"))) int32_t
fd_write(int32_t fd, const struct iovec *runs, uint32_t run_count, uint32_t *written);

static uint8_t starts;

EXPORT(START) void start(void) {
    uint32_t written;
    struct iovec line = {START " ran\n", sizeof START " ran\n" - 1};
    fd_write(1, &line, 1, &written);
    starts++;
}

EXPORT("__guest_call") int32_t guest_call(uint32_t operation_length, uint32_t payload_length) {
    struct call call;
    if (starts == 0) {
        return call_fail(TEXT(START " did not run before __guest_call"));
    }
    if (!call_accept(operation_length, payload_length, &call)) {
        return call_fail(TEXT("no memory for the request"));
    }
    if (bytes_equal(call.operation, TEXT("Start.Count"))) {
        return call_answer((struct bytes){&starts, 1});
    }
    return call_fail_about(TEXT("method not handled "), call.operation);
}
