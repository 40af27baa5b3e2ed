// The host's side of a classic wasmCloud actor: waPC with the import module "wasmbus". No C library.
#pragma once
#include "bytes.h"

#define WASMBUS(name) __attribute__((import_module("wasmbus"), import_name(name)))
#define EXPORT(name) __attribute__((export_name(name), used))

WASMBUS("__guest_request") void guest_request(void *operation, void *payload);
WASMBUS("__guest_response") void guest_response(const void *at, uint32_t length);
WASMBUS("__guest_error") void guest_error(const void *at, uint32_t length);
WASMBUS("__host_call")
int32_t host_call(const void *binding, uint32_t binding_length, const void *namespace, uint32_t namespace_length,
                  const void *operation, uint32_t operation_length, const void *payload, uint32_t payload_length);
WASMBUS("__host_response_len") uint32_t host_response_length(void);
WASMBUS("__host_response") void host_response(void *into);
WASMBUS("__host_error_len") uint32_t host_error_length(void);
WASMBUS("__host_error") void host_error(void *into);
WASMBUS("__console_log") void console_log(const void *at, uint32_t length);

enum { CALL_FAILED = 0, CALL_OK = 1 };
enum { PAGE_BYTES = 65536 };

extern uint8_t __heap_base;
static uint32_t heap_used; // bytes above __heap_base

// Memory until the end of the call; NULL if the host refuses to grow.
static inline uint8_t *allocate(uint32_t length) {
    uint64_t start = (uint64_t)(uintptr_t)&__heap_base + heap_used;
    uint64_t end = start + length;
    uint64_t have = (uint64_t)__builtin_wasm_memory_size(0) * PAGE_BYTES;
    if (end > have) {
        uint64_t pages = (end - have + PAGE_BYTES - 1) / PAGE_BYTES;
        if (pages > PAGE_BYTES || __builtin_wasm_memory_grow(0, (uint32_t)pages) == (__SIZE_TYPE__)-1) {
            return 0;
        }
    }
    heap_used += length;
    return (uint8_t *)(uintptr_t)start;
}

struct call {
    struct bytes operation, payload;
};

// Takes over the call that the host passes to __guest_call. Frees what earlier calls allocated. False if memory is out.
static inline bool call_accept(uint32_t operation_length, uint32_t payload_length, struct call *call) {
    heap_used = 0;
    uint8_t *operation = allocate(operation_length);
    uint8_t *payload = allocate(payload_length);
    if (!operation || !payload) {
        return false;
    }
    guest_request(operation, payload);
    *call = (struct call){{operation, operation_length}, {payload, payload_length}};
    return true;
}

static inline int32_t call_answer(struct bytes response) {
    guest_response(response.at, response.length);
    return CALL_OK;
}

static inline int32_t call_fail(struct bytes text) {
    guest_error(text.at, text.length);
    return CALL_FAILED;
}

// Fails with two texts joined: a sentence and the value it is about.
static inline int32_t call_fail_about(struct bytes sentence, struct bytes value) {
    uint8_t *text = allocate(sentence.length + value.length);
    if (!text) {
        return call_fail(sentence);
    }
    __builtin_memcpy(text, sentence.at, sentence.length);
    __builtin_memcpy(text + sentence.length, value.at, value.length);
    return call_fail((struct bytes){text, sentence.length + value.length});
}
