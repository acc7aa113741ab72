// The compression function on one block, in portable C. The schedule of message words is written
// out per round, so that a compiler keeps the state in registers.
#include "internal.h"

#include <string.h>

static inline __attribute__((always_inline)) uint32_t rotate(uint32_t word, int count) {
    return word >> count | word << (32 - count);
}

#define MIX(a, b, c, d, x, y)         \
    do {                              \
        a = a + b + m[x];             \
        d = rotate(d ^ a, 16);        \
        c = c + d;                    \
        b = rotate(b ^ c, 12);        \
        a = a + b + m[y];             \
        d = rotate(d ^ a, 8);         \
        c = c + d;                    \
        b = rotate(b ^ c, 7);         \
    } while (0)

#define ROUND(s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, s12, s13, s14, s15) \
    do {                                                                            \
        MIX(v0, v4, v8, v12, s0, s1);                                               \
        MIX(v1, v5, v9, v13, s2, s3);                                               \
        MIX(v2, v6, v10, v14, s4, s5);                                              \
        MIX(v3, v7, v11, v15, s6, s7);                                              \
        MIX(v0, v5, v10, v15, s8, s9);                                              \
        MIX(v1, v6, v11, v12, s10, s11);                                            \
        MIX(v2, v7, v8, v13, s12, s13);                                             \
        MIX(v3, v4, v9, v14, s14, s15);                                             \
    } while (0)

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

    ROUND(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    ROUND(2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8);
    ROUND(3, 4, 10, 12, 13, 2, 7, 14, 6, 5, 9, 0, 11, 15, 8, 1);
    ROUND(10, 7, 12, 9, 14, 3, 13, 15, 4, 0, 11, 2, 5, 8, 1, 6);
    ROUND(12, 13, 9, 11, 15, 10, 14, 8, 7, 2, 5, 3, 0, 1, 6, 4);
    ROUND(9, 14, 11, 5, 8, 12, 15, 1, 13, 3, 0, 10, 2, 6, 4, 7);
    ROUND(11, 15, 5, 0, 1, 9, 8, 6, 14, 10, 2, 12, 3, 4, 7, 13);
    return (mixed){{v0, v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12, v13, v14, v15}};
}

void compress(
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

void hash_lanes_1(
    const inputs *inputs, size_t count, const chaining_value *key, chaining_value *output
) {
    (void)count;
    chaining_value value = *key;
    for (size_t block = 0; block < inputs->blocks; block++) {
        uint32_t flags = inputs->flags | (block == 0 ? inputs->flags_first : 0)
            | (block + 1 == inputs->blocks ? inputs->flags_last : 0);
        compress(&value, inputs->bytes + block * block_bytes, block_bytes, inputs->counter, flags);
    }
    *output = value;
}
