// The echo sample as a classic actor.
#include "handler.h"
#include "wasmbus.h"

static const uint8_t HEALTHY[] = {0x81, 0xa7, 'h', 'e', 'a', 'l', 't', 'h', 'y', 0xc3};

EXPORT("__wasmbus_rpc_version") int32_t wasmbus_rpc_version(void) {
    return 1;
}

EXPORT("__guest_call") int32_t guest_call(uint32_t operation_length, uint32_t payload_length) {
    struct call call;
    if (!call_accept(operation_length, payload_length, &call)) {
        return call_fail(TEXT("no memory for the request"));
    }
    if (bytes_equal(call.operation, TEXT("Actor.HealthRequest"))) {
        return call_answer((struct bytes){HEALTHY, sizeof HEALTHY});
    }
    if (!bytes_equal(call.operation, TEXT("HttpServer.HandleRequest"))) {
        return call_fail_about(TEXT("method not handled "), call.operation);
    }
    uint64_t size = response_bytes_max(payload_length);
    uint8_t *response = size > UINT32_MAX ? 0 : allocate((uint32_t)size);
    if (!response) {
        return call_fail(TEXT("no memory for the response"));
    }
    uint32_t response_length = 0;
    const char *fault = handle_request(call.payload, response, (uint32_t)size, &response_length);
    if (fault) {
        uint32_t length = 0;
        while (fault[length]) {
            length++;
        }
        return call_fail((struct bytes){(const uint8_t *)fault, length});
    }
    return call_answer((struct bytes){response, response_length});
}
