// What the parts of CBlake3 share: constants, and compression of one block or of many in lanes.
#ifndef CBLAKE3_INTERNAL_H
#define CBLAKE3_INTERNAL_H

#include "cblake3.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "CBlake3 reads message words in memory order and needs a little-endian processor"
#endif

enum {
    chunk_start = 1 << 0,
    chunk_end = 1 << 1,
    parent = 1 << 2,
    root = 1 << 3,
};

enum { block_bytes = 64, chunk_bytes = 1024, blocks_each_chunk = 16 };

// A chaining value: the hash of a subtree that is not the root.
typedef struct {
    uint32_t words[8];
} chaining_value;

#define IV0 0x6A09E667u
#define IV1 0xBB67AE85u
#define IV2 0x3C6EF372u
#define IV3 0xA54FF53Au
#define IV4 0x510E527Fu
#define IV5 0x9B05688Cu
#define IV6 0x1F83D9ABu
#define IV7 0x5BE0CD19u

// Many inputs of equally many whole blocks, `stride` bytes apart.
typedef struct {
    const uint8_t *bytes;
    size_t stride;
    size_t blocks;
    // The counter of the first input; each following one has `counter_step` (0 or 1) more.
    uint64_t counter;
    uint32_t counter_step;
    // For every block, and in addition for the first and the last.
    uint32_t flags, flags_first, flags_last;
} inputs;

// One block of `length` bytes (padded with zeros to 64) into `value`; the second one is for
// processors that have 16 lanes.
typedef void compress_block(
    chaining_value *value, const uint8_t *block, uint32_t length, uint64_t counter, uint32_t flags);

compress_block compress_portable, compress_row;

static inline void compress(
    chaining_value *value, const uint8_t *block, uint32_t length, uint64_t counter, uint32_t flags,
    uint32_t lanes
) {
#if defined(__x86_64__)
    if (lanes >= 16) return compress_row(value, block, length, counter, flags);
#endif
    (void)lanes;
    compress_portable(value, block, length, counter, flags);
}

// All 64 bytes of output of one block, for the root.
void compress_wide(
    const chaining_value *value, const uint8_t *block, uint32_t length, uint64_t counter,
    uint32_t flags, uint8_t output[block_bytes]);

// Hashes `count` inputs, at least one and at most the lane width of the function's name. All
// input is read before `output` is written, so parents may replace their children.
typedef void hash_lanes(
    const inputs *inputs, size_t count, const chaining_value *key, chaining_value *output);

hash_lanes hash_lanes_1, hash_lanes_4, hash_lanes_8, hash_lanes_16;
// As their namesakes, for processors that have 16 lanes.
hash_lanes hash_lanes_1_wide, hash_lanes_4_wide, hash_lanes_8_wide;

// Any number of inputs: each step takes the narrowest width that holds the rest, or the widest.
void hash_many(
    inputs inputs, size_t count, uint32_t lanes, const chaining_value *key, chaining_value *output);

#endif
