// Does one host call exactly as it is told, so that a test can drive every contract through one guest.
//
//   Proxy.Call   payload: u8 length, binding; u8 length, namespace; u8 length, operation; the rest is the payload.
//                Answers the raw response, or fails with the raw host error.
//   Proxy.Log    writes the payload as a log line; answers nothing.
//   Proxy.Echo   answers the payload: the far end of an actor-to-actor call.
//   Actor.HealthRequest
#include "wasmbus.h"

static bool take_short(struct bytes *input, struct bytes *taken) {
    if (input->length == 0 || input->at[0] > input->length - 1) {
        return false;
    }
    *taken = (struct bytes){input->at + 1, input->at[0]};
    input->at += 1 + taken->length;
    input->length -= 1 + taken->length;
    return true;
}

static int32_t forward(struct bytes input) {
    struct bytes binding, namespace, operation;
    if (!take_short(&input, &binding) || !take_short(&input, &namespace) || !take_short(&input, &operation)) {
        return call_fail(TEXT("Proxy.Call payload must be three byte-counted texts, then the payload"));
    }
    int32_t outcome = host_call(binding.at, binding.length, namespace.at, namespace.length, operation.at,
                                operation.length, input.at, input.length);
    bool ok = outcome == CALL_OK;
    uint32_t length = ok ? host_response_length() : host_error_length();
    // The published SDK fetches also when there is nothing to fetch, and then passes address 1.
    uint8_t *fetched = length == 0 ? (uint8_t *)1 : allocate(length);
    if (!fetched) {
        return call_fail(TEXT("no memory for the host's response"));
    }
    if (ok) {
        host_response(fetched);
        return call_answer((struct bytes){fetched, length});
    }
    host_error(fetched);
    return call_fail((struct bytes){fetched, length});
}

EXPORT("__guest_call") int32_t guest_call(uint32_t operation_length, uint32_t payload_length) {
    struct call call;
    if (!call_accept(operation_length, payload_length, &call)) {
        return call_fail(TEXT("no memory for the request"));
    }
    if (bytes_equal(call.operation, TEXT("Proxy.Call"))) {
        return forward(call.payload);
    }
    if (bytes_equal(call.operation, TEXT("Proxy.Log"))) {
        console_log(call.payload.at, call.payload.length);
        return CALL_OK;
    }
    if (bytes_equal(call.operation, TEXT("Proxy.Echo"))) {
        return call_answer(call.payload);
    }
    if (bytes_equal(call.operation, TEXT("Actor.HealthRequest"))) {
        return call_answer(TEXT("\x81\xa7healthy\xc3"));
    }
    return call_fail_about(TEXT("method not handled "), call.operation);
}
