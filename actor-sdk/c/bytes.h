// A run of bytes that somebody else owns. Works without a C library; natively too.
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct bytes {
    const uint8_t *at;
    uint32_t length;
};

#define TEXT(literal) ((struct bytes){(const uint8_t *)(literal), sizeof(literal) - 1})

static inline bool bytes_equal(struct bytes a, struct bytes b) {
    if (a.length != b.length) {
        return false;
    }
    for (uint32_t i = 0; i < a.length; i++) {
        if (a.at[i] != b.at[i]) {
            return false;
        }
    }
    return true;
}
