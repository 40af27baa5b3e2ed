// What the echo sample does, without any host: bytes in, bytes out. The actor and the native program share it.
#pragma once
#include "bytes.h"

// Bytes that handle_request may need for its answer: the method appears twice, all else at most once.
static inline uint64_t response_bytes_max(uint32_t request_length) {
    return 2 * (uint64_t)request_length + 256;
}

// Answers one HttpRequest (MessagePack) with an HttpResponse. Returns NULL, or what is wrong with the request.
const char *handle_request(struct bytes request, uint8_t *response, uint32_t response_size, uint32_t *response_length);
