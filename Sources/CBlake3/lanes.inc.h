// Hashing LANES inputs side by side: vector i holds word i of every input's state. Included once
// per width and instruction set, with LANES, TARGET (an attribute or nothing) and NAME defined.
//
// Rows of 16 bytes from inputs 0-3, 4-7, ... lie next to each other in one vector, so that turning
// rows of one input into vectors of one word each takes transpositions of 4 by 4 only, and those
// never cross the 128-bit parts of a vector, which is slow.

#define INLINE static inline __attribute__((always_inline)) TARGET
#define JOIN_(a, b) a##_##b
#define JOIN(a, b) JOIN_(a, b)
#define LOCAL(name) JOIN(NAME, name)
#define vector LOCAL(vector)

typedef uint32_t vector __attribute__((vector_size(LANES * 4)));

// The words `a`, `b` of x and y in each 128-bit part: {x[a], y[a], x[b], y[b]} and so on.
#if LANES == 4
#define SHUFFLE(x, y, a, b, c, d) __builtin_shufflevector(x, y, a, b, (c) + 4, (d) + 4)
#elif LANES == 8
#define SHUFFLE(x, y, a, b, c, d) \
    __builtin_shufflevector(x, y, a, b, (c) + 8, (d) + 8, (a) + 4, (b) + 4, (c) + 12, (d) + 12)
#elif LANES == 16
#define SHUFFLE(x, y, a, b, c, d)                                                          \
    __builtin_shufflevector(                                                               \
        x, y, a, b, (c) + 16, (d) + 16, (a) + 4, (b) + 4, (c) + 20, (d) + 20, (a) + 8,     \
        (b) + 8, (c) + 24, (d) + 24, (a) + 12, (b) + 12, (c) + 28, (d) + 28)
#endif

INLINE void LOCAL(transpose)(vector rows[4]) {
    vector low01 = SHUFFLE(rows[0], rows[1], 0, 1, 0, 1);
    vector high01 = SHUFFLE(rows[0], rows[1], 2, 3, 2, 3);
    vector low23 = SHUFFLE(rows[2], rows[3], 0, 1, 0, 1);
    vector high23 = SHUFFLE(rows[2], rows[3], 2, 3, 2, 3);
    rows[0] = SHUFFLE(low01, low23, 0, 2, 0, 2);
    rows[1] = SHUFFLE(low01, low23, 1, 3, 1, 3);
    rows[2] = SHUFFLE(high01, high23, 0, 2, 0, 2);
    rows[3] = SHUFFLE(high01, high23, 1, 3, 1, 3);
}

// Sixteen bytes from every fourth input on.
INLINE vector LOCAL(load)(const uint8_t *const *rows, size_t offset) {
    four part0;
    memcpy(&part0, rows[0] + offset, 16);
#if LANES == 4
    return part0;
#else
    four part1;
    memcpy(&part1, rows[4] + offset, 16);
    eight half0 = __builtin_shufflevector(part0, part1, 0, 1, 2, 3, 4, 5, 6, 7);
#if LANES == 8
    return half0;
#else
    four part2, part3;
    memcpy(&part2, rows[8] + offset, 16);
    memcpy(&part3, rows[12] + offset, 16);
    eight half1 = __builtin_shufflevector(part2, part3, 0, 1, 2, 3, 4, 5, 6, 7);
    return __builtin_shufflevector(
        half0, half1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
#endif
#endif
}

TARGET void NAME(
    const inputs *inputs, size_t count, const chaining_value *key, chaining_value *output
) {
    // Lanes beyond the last input repeat it; their results are dropped.
    const uint8_t *rows[LANES];
    vector counter_low, counter_high;
    for (size_t lane = 0; lane < LANES; lane++) {
        size_t input = lane < count ? lane : count - 1;
        rows[lane] = inputs->bytes + input * inputs->stride;
        uint64_t counter = inputs->counter + lane * inputs->counter_step;
        counter_low[lane] = (uint32_t)counter;
        counter_high[lane] = (uint32_t)(counter >> 32);
    }
    const vector zero = {0};
    vector h[8];
    for (int index = 0; index < 8; index++) h[index] = zero + key->words[index];

    uint32_t flags = inputs->flags | inputs->flags_first;
    for (size_t block = 0; block < inputs->blocks; block++) {
        if (block + 1 == inputs->blocks) flags |= inputs->flags_last;
        vector m[16];
        for (int row = 0; row < 4; row++) {
            for (int input = 0; input < 4; input++) {
                m[row * 4 + input] = LOCAL(load)(rows + input, block * block_bytes + row * 16u);
            }
            LOCAL(transpose)(m + row * 4);
        }
        vector v0 = h[0], v1 = h[1], v2 = h[2], v3 = h[3];
        vector v4 = h[4], v5 = h[5], v6 = h[6], v7 = h[7];
        vector v8 = zero + IV0, v9 = zero + IV1, v10 = zero + IV2, v11 = zero + IV3;
        vector v12 = counter_low, v13 = counter_high;
        vector v14 = zero + (uint32_t)block_bytes, v15 = zero + flags;
        ALL_ROUNDS(m);
        h[0] = v0 ^ v8, h[1] = v1 ^ v9, h[2] = v2 ^ v10, h[3] = v3 ^ v11;
        h[4] = v4 ^ v12, h[5] = v5 ^ v13, h[6] = v6 ^ v14, h[7] = v7 ^ v15;
        flags = inputs->flags;
    }

    // Back from a vector per word to eight words per input.
    chaining_value values[LANES];
    for (int half = 0; half < 2; half++) {
        LOCAL(transpose)(h + half * 4);
        for (int lane = 0; lane < LANES; lane++) {
            const uint8_t *row = (const uint8_t *)&h[half * 4 + lane % 4] + lane / 4 * 16;
            memcpy(&values[lane].words[half * 4], row, 16);
        }
    }
    memcpy(output, values, count * sizeof *output);
}

#undef INLINE
#undef JOIN_
#undef JOIN
#undef LOCAL
#undef vector
#undef SHUFFLE
#undef LANES
#undef TARGET
#undef NAME
