// The compression function on one block, four words at a time: vectors a, b, c and d are the rows
// of the 4 by 4 state, so that one step mixes all columns, or, with the rows turned against each
// other, all diagonals. It is a chain of dependent steps, which the rotations of AVX-512 shorten
// enough to gain a fifth over portable code (70 instead of 85 ns); with SSE4.1 alone it is not
// worth having.
#include "internal.h"

#if defined(__x86_64__)

#include "rounds.h"

#include <string.h>

typedef uint32_t four __attribute__((vector_size(16)));

#define TURN(row, a, b, c, d) row = __builtin_shufflevector(row, row, a, b, c, d)

// Column i of the second half holds diagonal i + 3: then row b stays where it is, which is the
// one that the next step waits for.
#undef ROUND
#define ROUND(m, s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, s12, s13, s14, s15) \
    do {                                                                               \
        four first = {m[s0], m[s2], m[s4], m[s6]};                                     \
        four second = {m[s1], m[s3], m[s5], m[s7]};                                    \
        MIX(a, b, c, d, first, second);                                                \
        TURN(a, 3, 0, 1, 2);                                                           \
        TURN(d, 2, 3, 0, 1);                                                           \
        TURN(c, 1, 2, 3, 0);                                                           \
        first = (four){m[s14], m[s8], m[s10], m[s12]};                                 \
        second = (four){m[s15], m[s9], m[s11], m[s13]};                                \
        MIX(a, b, c, d, first, second);                                                \
        TURN(a, 1, 2, 3, 0);                                                           \
        TURN(d, 2, 3, 0, 1);                                                           \
        TURN(c, 3, 0, 1, 2);                                                           \
    } while (0)

__attribute__((target("avx512f,avx512vl"))) void compress_row(
    chaining_value *value, const uint8_t *block, uint32_t length, uint64_t counter, uint32_t flags
) {
    uint32_t m[16];
    memcpy(m, block, block_bytes);
    four a, b;
    memcpy(&a, &value->words[0], 16);
    memcpy(&b, &value->words[4], 16);
    four c = {IV0, IV1, IV2, IV3};
    four d = {(uint32_t)counter, (uint32_t)(counter >> 32), length, flags};
    ALL_ROUNDS(m);
    a ^= c;
    b ^= d;
    memcpy(&value->words[0], &a, 16);
    memcpy(&value->words[4], &b, 16);
}

#endif
