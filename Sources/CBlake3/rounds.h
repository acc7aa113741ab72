// The seven rounds of the compression function as macros over variables v0 to v15, so that the
// same text serves single words and vectors of them, and every index is known to the compiler.
#ifndef CBLAKE3_ROUNDS_H
#define CBLAKE3_ROUNDS_H

// clang and gcc turn this into the rotation or byte shuffle the instruction set has.
#define ROTATE(word, count) ((word) >> (count) | (word) << (32 - (count)))

#define MIX(a, b, c, d, x, y)                                                               \
    do {                                                                                    \
        a = a + x + b;                                                                      \
        d = d ^ a;                                                                          \
        d = ROTATE(d, 16);                                                                  \
        c = c + d;                                                                          \
        b = b ^ c;                                                                          \
        b = ROTATE(b, 12);                                                                  \
        a = a + y + b;                                                                      \
        d = d ^ a;                                                                          \
        d = ROTATE(d, 8);                                                                   \
        c = c + d;                                                                          \
        b = b ^ c;                                                                          \
        b = ROTATE(b, 7);                                                                   \
    } while (0)

#define ROUND(m, s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, s12, s13, s14, s15)      \
    do {                                                                                    \
        MIX(v0, v4, v8, v12, m[s0], m[s1]);                                                 \
        MIX(v1, v5, v9, v13, m[s2], m[s3]);                                                 \
        MIX(v2, v6, v10, v14, m[s4], m[s5]);                                                \
        MIX(v3, v7, v11, v15, m[s6], m[s7]);                                                \
        MIX(v0, v5, v10, v15, m[s8], m[s9]);                                                \
        MIX(v1, v6, v11, v12, m[s10], m[s11]);                                              \
        MIX(v2, v7, v8, v13, m[s12], m[s13]);                                               \
        MIX(v3, v4, v9, v14, m[s14], m[s15]);                                               \
    } while (0)

// Each round reads the message words in the order of the round before, permuted once more.
#define ALL_ROUNDS(m)                                                                       \
    do {                                                                                    \
        ROUND(m, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);                     \
        ROUND(m, 2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8);                     \
        ROUND(m, 3, 4, 10, 12, 13, 2, 7, 14, 6, 5, 9, 0, 11, 15, 8, 1);                     \
        ROUND(m, 10, 7, 12, 9, 14, 3, 13, 15, 4, 0, 11, 2, 5, 8, 1, 6);                     \
        ROUND(m, 12, 13, 9, 11, 15, 10, 14, 8, 7, 2, 5, 3, 0, 1, 6, 4);                     \
        ROUND(m, 9, 14, 11, 5, 8, 12, 15, 1, 13, 3, 0, 10, 2, 6, 4, 7);                     \
        ROUND(m, 11, 15, 5, 0, 1, 9, 8, 6, 14, 10, 2, 12, 3, 4, 7, 13);                     \
    } while (0)

#endif
