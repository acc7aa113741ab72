// The compression function on one block, in portable C, and one input as a lane of its own.
#include "internal.h"
#include "rounds.h"

#include <string.h>

typedef struct {
    uint32_t words[16];
} mixed;

static inline __attribute__((always_inline)) mixed mix(
    const chaining_value *value, const uint8_t *block, uint32_t length, uint64_t counter,
    uint32_t flags
) {
    uint32_t m[16];
    memcpy(m, block, block_bytes);
    const uint32_t *h = value->words;
    uint32_t v0 = h[0], v1 = h[1], v2 = h[2], v3 = h[3];
    uint32_t v4 = h[4], v5 = h[5], v6 = h[6], v7 = h[7];
    uint32_t v8 = IV0, v9 = IV1, v10 = IV2, v11 = IV3;
    uint32_t v12 = (uint32_t)counter, v13 = (uint32_t)(counter >> 32), v14 = length, v15 = flags;

    ALL_ROUNDS(m);
    return (mixed){{v0, v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12, v13, v14, v15}};
}

void compress_portable(
    chaining_value *value, const uint8_t *block, uint32_t length, uint64_t counter, uint32_t flags
) {
    mixed v = mix(value, block, length, counter, flags);
    for (int index = 0; index < 8; index++) {
        value->words[index] = v.words[index] ^ v.words[index + 8];
    }
}

void compress_wide(
    const chaining_value *value, const uint8_t *block, uint32_t length, uint64_t counter,
    uint32_t flags, uint8_t output[block_bytes]
) {
    mixed v = mix(value, block, length, counter, flags);
    for (int index = 0; index < 8; index++) {
        v.words[index] ^= v.words[index + 8];
        v.words[index + 8] ^= value->words[index];
    }
    memcpy(output, v.words, block_bytes);
}

static inline __attribute__((always_inline)) void hash_one(
    const inputs *inputs, const chaining_value *key, chaining_value *output, uint32_t lanes
) {
    chaining_value value = *key;
    uint32_t flags = inputs->flags | inputs->flags_first;
    for (size_t block = 0; block < inputs->blocks; block++) {
        if (block + 1 == inputs->blocks) flags |= inputs->flags_last;
        const uint8_t *bytes = inputs->bytes + block * block_bytes;
        compress(&value, bytes, block_bytes, inputs->counter, flags, lanes);
        flags = inputs->flags;
    }
    *output = value;
}

void hash_lanes_1(
    const inputs *inputs, size_t count, const chaining_value *key, chaining_value *output
) {
    (void)count;
    hash_one(inputs, key, output, 1);
}

void hash_lanes_1_wide(
    const inputs *inputs, size_t count, const chaining_value *key, chaining_value *output
) {
    (void)count;
    hash_one(inputs, key, output, 16);
}
