// Misbehaves in the way that the operation names (README.md has the table). Every behaviour is also a path of
// HttpServer.HandleRequest: Hostile.GrowTouch is /grow-touch. The argument is a decimal number, in the payload or in the query.
#include "httpserver.h"
#include "wasmbus.h"

static const uint32_t REFUSED = 0xffffffff; // what memory.grow gives when the host refuses

// Where the answer of a behaviour goes that does answer: raw, or into an HTTP response.
struct context {
    bool http;
    bool argument_given;
    uint64_t argument;
};

static int32_t answer(const struct context *context, uint32_t status, struct bytes body) {
    if (!context->http) {
        return call_answer(body);
    }
    uint32_t size = body.length + 64;
    uint8_t *response = allocate(size);
    if (!response) {
        return call_fail(TEXT("no memory for the response"));
    }
    struct writer out = writer_of(response, size);
    http_response_start(&out, status, 0);
    http_response_body(&out, body.length);
    write_raw(&out, body);
    return call_answer(written(&out));
}

static uint64_t argument_or(const struct context *context, uint64_t otherwise) {
    return context->argument_given ? context->argument : otherwise;
}

// ---- time

static volatile uint32_t spun;

static int32_t loop(const struct context *context) {
    (void)context;
    for (;;) {
        spun++;
    }
}

static int32_t loop_empty(const struct context *context) { // not one memory access, not one call
    (void)context;
    for (;;) {
    }
}

static int32_t sleepy(const struct context *context) {
    for (uint64_t left = argument_or(context, 1000); left > 0; left--) {
        spun++;
    }
    return answer(context, 200, TEXT("awake"));
}

static int32_t late(const struct context *context) {
    for (uint64_t left = argument_or(context, 20000000000); left > 0; left--) {
        spun++;
    }
    return answer(context, 200, TEXT("late"));
}

static int32_t log_flood(const struct context *context) {
    (void)context;
    static uint8_t line[1024];
    __builtin_memset(line, 'x', sizeof line);
    for (;;) {
        console_log(line, sizeof line);
    }
}

static int32_t fill_loop(const struct context *context) {
    uint32_t length = (uint32_t)argument_or(context, 16 << 20);
    uint8_t *at = allocate(length);
    if (!at) {
        return call_fail(TEXT("no memory to fill"));
    }
    for (;;) {
        __builtin_memset(at, (int)spun++, length);
    }
}

static int32_t call_nowhere(void) {
    struct bytes namespace = TEXT("trellis:nowhere");
    struct bytes operation = TEXT("Nowhere.Call");
    return host_call("default", 7, namespace.at, namespace.length, operation.at, operation.length, (void *)1, 0);
}

static int32_t call_loop(const struct context *context) {
    (void)context;
    for (;;) {
        call_nowhere();
    }
}

// ---- stack

static __attribute__((noinline)) uint32_t deeper(uint32_t depth) {
    spun = depth;
    return deeper(depth + 1) + spun; // spun is read after the call: this is no tail call
}

static int32_t recurse(const struct context *context) {
    return (int32_t)deeper((uint32_t)context->argument);
}

static __attribute__((noinline)) uint32_t deeper_in_memory(uint32_t depth) {
    volatile uint8_t frame[4096];
    frame[depth % sizeof frame] = (uint8_t)depth;
    return deeper_in_memory(depth + 1) + frame[depth % sizeof frame];
}

static int32_t stack_memory(const struct context *context) { // its own stack in linear memory runs out first
    return (int32_t)deeper_in_memory((uint32_t)context->argument);
}

// ---- memory

static int32_t grow(const struct context *context) { // the argument: pages per step
    uint32_t step = (uint32_t)argument_or(context, 1);
    while (__builtin_wasm_memory_grow(0, step) != REFUSED) {
    }
    __builtin_trap();
}

static int32_t grow_touch(const struct context *context) { // writes to every page it gets
    uint32_t step = (uint32_t)argument_or(context, 1);
    uint32_t page;
    while ((page = __builtin_wasm_memory_grow(0, step)) != REFUSED) {
        for (uint32_t i = 0; i < step; i++) {
            *(volatile uint8_t *)(uintptr_t)((page + i) * PAGE_BYTES) = 1;
        }
    }
    __builtin_trap();
}

static int32_t grow_answer(const struct context *context) { // asks once for so many pages, says what came of it
    uint32_t before = __builtin_wasm_memory_grow(0, (uint32_t)argument_or(context, 1));
    return answer(context, 200, before == REFUSED ? TEXT("refused") : TEXT("grown"));
}

// ---- traps

static int32_t trap(const struct context *context) {
    (void)context;
    __builtin_trap();
}

static int32_t div_zero(const struct context *context) {
    volatile int32_t dividend = 7, zero = 0;
    return answer(context, 200, dividend / zero ? TEXT("divided") : TEXT("zero"));
}

static int32_t out_of_bounds(const struct context *context) {
    return answer(context, 200, *(volatile uint8_t *)(uintptr_t)0xfffffff0 ? TEXT("read") : TEXT("read zero"));
}

static int32_t bad_indirect(const struct context *context) { // a table entry that does not exist
    int32_t (*volatile nobody)(const struct context *) = (int32_t(*)(const struct context *))(uintptr_t)0xffff;
    return nobody(context);
}

// ---- the answer

static int32_t bad_pointer(const struct context *context) {
    (void)context;
    guest_response((void *)(uintptr_t)0xfffffff0, 0x100); // ends beyond 2^32
    return CALL_OK;
}

static int32_t bad_pointer_end(const struct context *context) {
    (void)context;
    guest_response((void *)(uintptr_t)(__builtin_wasm_memory_size(0) * PAGE_BYTES - 1), 2); // one byte beyond the end
    return CALL_OK;
}

static int32_t huge_response(const struct context *context) {
    (void)context;
    guest_response((void *)8, 0xffffffff);
    return CALL_OK;
}

static int32_t big_response(const struct context *context) { // really has the bytes that it declares
    uint32_t length = (uint32_t)argument_or(context, 64 << 20);
    uint8_t *at = allocate(length);
    return at ? answer(context, 200, (struct bytes){at, length}) : call_fail(TEXT("no memory for the response"));
}

static int32_t no_response(const struct context *context) {
    (void)context;
    return CALL_OK;
}

static int32_t garbage(const struct context *context) {
    (void)context;
    return call_answer(TEXT("\xc1\xff\x00\x13\x37\xdf\xff\xff\xff\xff not MessagePack"));
}

static int32_t return_two(const struct context *context) {
    (void)context;
    guest_response("two", 3);
    return 2;
}

static int32_t return_zero(const struct context *context) { // a failure that says nothing
    (void)context;
    return CALL_FAILED;
}

static int32_t response_twice(const struct context *context) {
    answer(context, 200, TEXT("first"));
    return answer(context, 200, TEXT("second"));
}

static int32_t error(const struct context *context) {
    (void)context;
    return call_fail(TEXT("hostile says no"));
}

static int32_t error_then_ok(const struct context *context) { // an error, a response, and "all is well"
    guest_error("hostile says no", 15);
    return answer(context, 200, TEXT("well"));
}

static int32_t error_non_utf8(const struct context *context) {
    (void)context;
    return call_fail(TEXT("bad \xff\xfe\x80 text"));
}

static int32_t error_bad_pointer(const struct context *context) {
    (void)context;
    guest_error((void *)(uintptr_t)0xfffffff0, 0x100);
    return CALL_FAILED;
}

static int32_t bad_status(const struct context *context) { // not a status of HTTP; the argument may be another one
    struct context http = {true, false, 0};
    return answer(&http, (uint32_t)argument_or(context, 99), TEXT("bad status"));
}

static int32_t bad_header(const struct context *context) { // tries to smuggle a header and a body
    (void)context;
    static uint8_t response[256];
    struct writer out = writer_of(response, sizeof response);
    http_response_start(&out, 200, 2);
    http_response_header(&out, TEXT("x-split"), TEXT("a\r\nx-smuggled: 1\r\n\r\nbody"));
    http_response_header(&out, TEXT("bad name\r\n"), TEXT("b"));
    http_response_body(&out, 2);
    write_raw(&out, TEXT("ok"));
    return call_answer(written(&out));
}

// ---- the host's imports, misused

static int32_t host_call_bad_pointers(const struct context *context) { // argument: which of the four; 4 = all
    uint64_t which = argument_or(context, 4);
    const void *pointer[4] = {"default", "trellis:nowhere", "Nowhere.Call", "payload"};
    uint32_t length[4] = {7, 15, 12, 7};
    for (uint32_t i = 0; i < 4; i++) {
        if (which == i || which >= 4) {
            pointer[i] = (void *)(uintptr_t)0xffff0000;
            length[i] = 0xffff;
        }
    }
    int32_t outcome =
        host_call(pointer[0], length[0], pointer[1], length[1], pointer[2], length[2], pointer[3], length[3]);
    return answer(context, 200, outcome == CALL_OK ? TEXT("ok") : TEXT("refused"));
}

static int32_t host_call_non_utf8(const struct context *context) {
    int32_t outcome = host_call("\xff\xfe", 2, "\xff\xfe", 2, "\xff\xfe", 2, "", 0);
    return answer(context, 200, outcome == CALL_OK ? TEXT("ok") : TEXT("refused"));
}

static int32_t host_call_huge(const struct context *context) { // a payload of so many bytes that are really there
    uint32_t length = (uint32_t)argument_or(context, 64 << 20);
    uint8_t *at = allocate(length);
    if (!at) {
        return call_fail(TEXT("no memory for the payload"));
    }
    int32_t outcome = host_call("default", 7, "trellis:nowhere", 15, "Nowhere.Call", 12, at, length);
    return answer(context, 200, outcome == CALL_OK ? TEXT("ok") : TEXT("refused"));
}

// A host call that needs no link and succeeds: a random number. Fails with the host's own error if it does not.
static bool call_random(void) {
    struct bytes namespace = TEXT("wasmcloud:builtin:numbergen");
    struct bytes operation = TEXT("NumberGen.Random32");
    return host_call("default", 7, namespace.at, namespace.length, operation.at, operation.length, (void *)1, 0) == CALL_OK
           && host_response_length() <= 5;
}

static int32_t host_response_twice(const struct context *context) {
    uint8_t number[5];
    if (!call_random()) {
        return call_fail(TEXT("NumberGen.Random32 failed"));
    }
    host_response(number);
    host_response(number);
    return answer(context, 200, TEXT("twice"));
}

static int32_t host_response_bad_pointer(const struct context *context) {
    if (!call_random()) {
        return call_fail(TEXT("NumberGen.Random32 failed"));
    }
    host_response((void *)(uintptr_t)0xffffffff);
    return answer(context, 200, TEXT("written"));
}

static int32_t host_response_unasked(const struct context *context) {
    uint8_t nothing[8];
    if (host_response_length() != 0) {
        return call_fail(TEXT("a response is there before any host call"));
    }
    host_response(nothing);
    return answer(context, 200, TEXT("nothing"));
}

static int32_t host_error_twice(const struct context *context) {
    uint8_t *text = 0;
    if (call_nowhere() == CALL_OK || !(text = allocate(host_error_length()))) {
        return call_fail(TEXT("the call to trellis:nowhere did not fail"));
    }
    host_error(text);
    host_error(text);
    return answer(context, 200, TEXT("twice"));
}

static int32_t host_error_left(const struct context *context) { // never fetches the error of its host call
    call_nowhere();
    return answer(context, 200, TEXT("left"));
}

static int32_t request_twice(const struct context *context) {
    static uint8_t space[4096]; // longer than the request of any test of this
    guest_request(space, space + 2048);
    return answer(context, 200, TEXT("twice"));
}

static int32_t request_bad_pointers(const struct context *context) {
    guest_request((void *)(uintptr_t)0xfffffff0, (void *)(uintptr_t)0xfffffff0);
    return answer(context, 200, TEXT("written"));
}

static int32_t log_bad_pointer(const struct context *context) {
    console_log((void *)(uintptr_t)0xfffffff0, 0x100);
    return answer(context, 200, TEXT("logged"));
}

static int32_t log_non_utf8(const struct context *context) {
    struct bytes line = TEXT("bad \xff\xfe\x80 text\n\x1b[31mred");
    console_log(line.at, line.length);
    return answer(context, 200, TEXT("logged"));
}

static int32_t log_huge(const struct context *context) { // one line
    uint32_t length = (uint32_t)argument_or(context, 16 << 20);
    uint8_t *at = allocate(length);
    if (!at) {
        return call_fail(TEXT("no memory for the line"));
    }
    __builtin_memset(at, 'x', length);
    console_log(at, length);
    return answer(context, 200, TEXT("logged"));
}

// ---- state

// A global of WebAssembly itself: C's own globals are memory.
__asm__(".globaltype calls_seen, i32\n"
        ".globl calls_seen\n"
        "calls_seen:\n");

static uint32_t next_global(void) {
    uint32_t value;
    __asm__ volatile("global.get calls_seen\n"
                     "i32.const 1\n"
                     "i32.add\n"
                     "global.set calls_seen\n"
                     "global.get calls_seen\n"
                     "local.set %0"
                     : "=r"(value));
    return value;
}

static uint8_t calls_in_memory;

static int32_t state(const struct context *context) { // two bytes: the global and the memory cell. 1 1 = fresh
    static uint8_t both[2];
    both[0] = (uint8_t)next_global();
    both[1] = ++calls_in_memory;
    return answer(context, 200, (struct bytes){both, 2});
}

static int32_t ok(const struct context *context) {
    return answer(context, 200, TEXT("ok"));
}

// ---- dispatch

typedef int32_t behaviour_run(const struct context *context);

static const struct behaviour {
    struct bytes name; // after "Hostile."
    struct bytes path;
    behaviour_run *run;
} BEHAVIOURS[] = {
#define BEHAVIOUR(name, path, run) {{(const uint8_t *)name, sizeof name - 1}, {(const uint8_t *)path, sizeof path - 1}, run}
    BEHAVIOUR("Ok", "/ok", ok),
    BEHAVIOUR("Loop", "/loop", loop),
    BEHAVIOUR("LoopEmpty", "/loop-empty", loop_empty),
    BEHAVIOUR("Sleepy", "/sleepy", sleepy),
    BEHAVIOUR("Late", "/late", late),
    BEHAVIOUR("LogFlood", "/log-flood", log_flood),
    BEHAVIOUR("FillLoop", "/fill-loop", fill_loop),
    BEHAVIOUR("CallLoop", "/call-loop", call_loop),
    BEHAVIOUR("Recurse", "/recurse", recurse),
    BEHAVIOUR("StackMemory", "/stack-memory", stack_memory),
    BEHAVIOUR("Grow", "/grow", grow),
    BEHAVIOUR("GrowTouch", "/grow-touch", grow_touch),
    BEHAVIOUR("GrowAnswer", "/grow-answer", grow_answer),
    BEHAVIOUR("Trap", "/trap", trap),
    BEHAVIOUR("DivZero", "/div-zero", div_zero),
    BEHAVIOUR("OutOfBounds", "/out-of-bounds", out_of_bounds),
    BEHAVIOUR("BadIndirect", "/bad-indirect", bad_indirect),
    BEHAVIOUR("BadPointer", "/bad-pointer", bad_pointer),
    BEHAVIOUR("BadPointerEnd", "/bad-pointer-end", bad_pointer_end),
    BEHAVIOUR("HugeResponse", "/huge-response", huge_response),
    BEHAVIOUR("BigResponse", "/big-response", big_response),
    BEHAVIOUR("NoResponse", "/no-response", no_response),
    BEHAVIOUR("Garbage", "/garbage", garbage),
    BEHAVIOUR("ReturnTwo", "/return-two", return_two),
    BEHAVIOUR("ReturnZero", "/return-zero", return_zero),
    BEHAVIOUR("ResponseTwice", "/response-twice", response_twice),
    BEHAVIOUR("Error", "/error", error),
    BEHAVIOUR("ErrorThenOk", "/error-then-ok", error_then_ok),
    BEHAVIOUR("ErrorNonUtf8", "/error-non-utf8", error_non_utf8),
    BEHAVIOUR("ErrorBadPointer", "/error-bad-pointer", error_bad_pointer),
    BEHAVIOUR("BadStatus", "/bad-status", bad_status),
    BEHAVIOUR("BadHeader", "/bad-header", bad_header),
    BEHAVIOUR("HostCallBadPointers", "/host-call-bad-pointers", host_call_bad_pointers),
    BEHAVIOUR("HostCallNonUtf8", "/host-call-non-utf8", host_call_non_utf8),
    BEHAVIOUR("HostCallHuge", "/host-call-huge", host_call_huge),
    BEHAVIOUR("HostResponseTwice", "/host-response-twice", host_response_twice),
    BEHAVIOUR("HostResponseBadPointer", "/host-response-bad-pointer", host_response_bad_pointer),
    BEHAVIOUR("HostResponseUnasked", "/host-response-unasked", host_response_unasked),
    BEHAVIOUR("HostErrorTwice", "/host-error-twice", host_error_twice),
    BEHAVIOUR("HostErrorLeft", "/host-error-left", host_error_left),
    BEHAVIOUR("RequestTwice", "/request-twice", request_twice),
    BEHAVIOUR("RequestBadPointers", "/request-bad-pointers", request_bad_pointers),
    BEHAVIOUR("LogBadPointer", "/log-bad-pointer", log_bad_pointer),
    BEHAVIOUR("LogNonUtf8", "/log-non-utf8", log_non_utf8),
    BEHAVIOUR("LogHuge", "/log-huge", log_huge),
    BEHAVIOUR("State", "/state", state),
};
enum { BEHAVIOUR_COUNT = sizeof BEHAVIOURS / sizeof BEHAVIOURS[0] };

static bool decimal(struct bytes text, uint64_t *value) {
    *value = 0;
    for (uint32_t i = 0; i < text.length; i++) {
        if (text.at[i] < '0' || text.at[i] > '9' || i == 18) {
            return false;
        }
        *value = *value * 10 + (text.at[i] - '0');
    }
    return true;
}

static int32_t run(const struct behaviour *behaviour, bool http, struct bytes argument) {
    struct context context = {http, argument.length > 0, 0};
    if (!decimal(argument, &context.argument)) {
        return call_fail_about(TEXT("argument must be a decimal number of up to 18 digits: "), argument);
    }
    return behaviour->run(&context);
}

static int32_t serve_http(struct bytes payload) {
    struct http_request request;
    if (http_request_parse(payload, &request)) {
        return call_fail(TEXT("bad HttpRequest"));
    }
    for (uint32_t i = 0; i < BEHAVIOUR_COUNT; i++) {
        if (bytes_equal(request.path, BEHAVIOURS[i].path)) {
            return run(&BEHAVIOURS[i], true, request.query);
        }
    }
    return answer(&(struct context){true, false, 0}, 404, TEXT("Not found"));
}

EXPORT("__guest_call") int32_t guest_call(uint32_t operation_length, uint32_t payload_length) {
    struct call call;
    if (!call_accept(operation_length, payload_length, &call)) {
        return call_fail(TEXT("no memory for the request"));
    }
    if (bytes_equal(call.operation, TEXT("Actor.HealthRequest"))) {
        return call_answer(TEXT("\x81\xa7healthy\xc3"));
    }
    if (bytes_equal(call.operation, TEXT("HttpServer.HandleRequest"))) {
        return serve_http(call.payload);
    }
    static const struct bytes PREFIX = {(const uint8_t *)"Hostile.", 8};
    struct bytes name = {call.operation.at + PREFIX.length, call.operation.length - PREFIX.length};
    if (call.operation.length > PREFIX.length
        && bytes_equal((struct bytes){call.operation.at, PREFIX.length}, PREFIX)) {
        for (uint32_t i = 0; i < BEHAVIOUR_COUNT; i++) {
            if (bytes_equal(name, BEHAVIOURS[i].name)) {
                return run(&BEHAVIOURS[i], false, call.payload);
            }
        }
    }
    return call_fail_about(TEXT("method not handled "), call.operation);
}
