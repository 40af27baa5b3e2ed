// The part of MessagePack that wasmCloud's classic contracts use. Input is hostile: every read is checked against the
// end of the input, nothing recurses, and after the first fault every further read yields nothing and stays bad.
#pragma once
#include "bytes.h"

enum item_kind { ITEM_NIL, ITEM_BOOL, ITEM_NUMBER, ITEM_STR, ITEM_BIN, ITEM_ARRAY, ITEM_MAP, ITEM_EXT };

struct item {
    enum item_kind kind;
    uint32_t length; // bytes of STR, BIN, EXT and NUMBER; entries of ARRAY and MAP
};

struct reader {
    const uint8_t *at, *end;
    bool bad;
};

static inline struct reader reader_of(struct bytes input) {
    return (struct reader){input.at, input.at + input.length, false};
}

static inline struct bytes read_raw(struct reader *in, uint32_t length) {
    if (in->bad || length > (uint32_t)(in->end - in->at)) {
        in->bad = true;
        return (struct bytes){in->end, 0};
    }
    struct bytes run = {in->at, length};
    in->at += length;
    return run;
}

static inline uint32_t read_length(struct reader *in, uint32_t width) {
    struct bytes run = read_raw(in, width);
    uint32_t value = 0;
    for (uint32_t i = 0; i < run.length; i++) {
        value = value << 8 | run.at[i];
    }
    return value;
}

// Reads what stands before the content: the content of STR, BIN, EXT and NUMBER follows, unless length is 0.
static inline struct item read_item(struct reader *in) {
    struct bytes first = read_raw(in, 1);
    if (in->bad) {
        return (struct item){ITEM_NIL, 0};
    }
    uint8_t tag = first.at[0];
    if (tag < 0x80 || tag >= 0xe0) {
        return (struct item){ITEM_NUMBER, 0};
    }
    if (tag < 0x90) {
        return (struct item){ITEM_MAP, tag & 15};
    }
    if (tag < 0xa0) {
        return (struct item){ITEM_ARRAY, tag & 15};
    }
    if (tag < 0xc0) {
        return (struct item){ITEM_STR, tag & 31};
    }
    switch (tag) {
        case 0xc0: return (struct item){ITEM_NIL, 0};
        case 0xc2:
        case 0xc3: return (struct item){ITEM_BOOL, 0};
        case 0xc4: return (struct item){ITEM_BIN, read_length(in, 1)};
        case 0xc5: return (struct item){ITEM_BIN, read_length(in, 2)};
        case 0xc6: return (struct item){ITEM_BIN, read_length(in, 4)};
        case 0xcc:
        case 0xd0: return (struct item){ITEM_NUMBER, 1};
        case 0xcd:
        case 0xd1: return (struct item){ITEM_NUMBER, 2};
        case 0xca:
        case 0xce:
        case 0xd2: return (struct item){ITEM_NUMBER, 4};
        case 0xcb:
        case 0xcf:
        case 0xd3: return (struct item){ITEM_NUMBER, 8};
        case 0xd4:
        case 0xd5:
        case 0xd6:
        case 0xd7:
        case 0xd8: return (struct item){ITEM_EXT, 1 + (1u << (tag - 0xd4))};
        case 0xd9: return (struct item){ITEM_STR, read_length(in, 1)};
        case 0xda: return (struct item){ITEM_STR, read_length(in, 2)};
        case 0xdb: return (struct item){ITEM_STR, read_length(in, 4)};
        case 0xdc: return (struct item){ITEM_ARRAY, read_length(in, 2)};
        case 0xdd: return (struct item){ITEM_ARRAY, read_length(in, 4)};
        case 0xde: return (struct item){ITEM_MAP, read_length(in, 2)};
        case 0xdf: return (struct item){ITEM_MAP, read_length(in, 4)};
        default: in->bad = true; return (struct item){ITEM_NIL, 0}; // c1 is reserved; ext 8 to 32 is in no contract
    }
}

// Entries of the map or array that comes next; bad if something else comes, or more entries than bytes are left.
static inline uint32_t read_entries(struct reader *in, enum item_kind kind) {
    struct item item = read_item(in);
    if (in->bad || item.kind != kind || item.length > (uint32_t)(in->end - in->at)) {
        in->bad = true;
        return 0;
    }
    return item.length;
}

static inline struct bytes read_content(struct reader *in, enum item_kind kind) {
    struct item item = read_item(in);
    in->bad = in->bad || item.kind != kind;
    return read_raw(in, item.length);
}

static inline void skip_item(struct reader *in) {
    uint64_t left = 1;
    while (left > 0 && !in->bad) {
        struct item item = read_item(in);
        left--;
        if (item.kind == ITEM_MAP) {
            left += 2 * (uint64_t)item.length;
        } else if (item.kind == ITEM_ARRAY) {
            left += item.length;
        } else {
            read_raw(in, item.length);
        }
    }
}

struct writer {
    uint8_t *start, *at, *end;
    bool full; // something did not fit: what was written is of no use
};

static inline struct writer writer_of(uint8_t *start, uint32_t size) {
    return (struct writer){start, start, start + size, false};
}

static inline struct bytes written(const struct writer *out) {
    return (struct bytes){out->start, (uint32_t)(out->at - out->start)};
}

static inline void write_raw(struct writer *out, struct bytes run) {
    if (out->full || run.length > (uint32_t)(out->end - out->at)) {
        out->full = true;
        return;
    }
    __builtin_memcpy(out->at, run.at, run.length);
    out->at += run.length;
}

static inline void write_tag(struct writer *out, uint8_t tag, uint32_t value, uint32_t width) {
    uint8_t run[5] = {tag};
    for (uint32_t i = 0; i < width; i++) {
        run[1 + i] = (uint8_t)(value >> 8 * (width - 1 - i));
    }
    write_raw(out, (struct bytes){run, 1 + width});
}

// tag8 is the tag of the form with a one-byte length; the two and four byte forms follow it.
static inline void write_sized(struct writer *out, uint8_t tag8, uint32_t value) {
    if (value < 0x100) {
        write_tag(out, tag8, value, 1);
    } else if (value < 0x10000) {
        write_tag(out, tag8 + 1, value, 2);
    } else {
        write_tag(out, tag8 + 2, value, 4);
    }
}

static inline void write_uint(struct writer *out, uint32_t value) {
    if (value < 0x80) {
        write_tag(out, (uint8_t)value, 0, 0);
    } else {
        write_sized(out, 0xcc, value);
    }
}

static inline void write_str(struct writer *out, struct bytes text) {
    if (text.length < 32) {
        write_tag(out, (uint8_t)(0xa0 | text.length), 0, 0);
    } else {
        write_sized(out, 0xd9, text.length);
    }
    write_raw(out, text);
}

static inline void write_small_map(struct writer *out, uint8_t entries) { // up to 15
    write_tag(out, 0x80 | entries, 0, 0);
}

static inline void write_small_array(struct writer *out, uint8_t entries) { // up to 15
    write_tag(out, 0x90 | entries, 0, 0);
}
