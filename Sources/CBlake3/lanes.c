// Hashing many inputs at once, in as many lanes as the processor has.
#include "internal.h"
#include "rounds.h"

#include <stdbool.h>
#include <string.h>

typedef uint32_t four __attribute__((vector_size(16)));
typedef uint32_t eight __attribute__((vector_size(32)));

#if defined(__x86_64__)

#define LANES 4
#define TARGET __attribute__((target("sse4.1")))
#define NAME hash_lanes_4
#include "lanes.inc.h"

#define LANES 8
#define TARGET __attribute__((target("avx2")))
#define NAME hash_lanes_8
#include "lanes.inc.h"

#define LANES 16
#define TARGET __attribute__((target("avx512f,avx512vl")))
#define NAME hash_lanes_16
#include "lanes.inc.h"

// Narrow vectors with the 32 registers and the rotations of AVX-512, for short inputs and the
// ends of long ones: 4 or 8 chunks in 1.85 instead of 2.5 us.
#define LANES 4
#define TARGET __attribute__((target("avx512f,avx512vl")))
#define NAME hash_lanes_4_wide
#include "lanes.inc.h"

#define LANES 8
#define TARGET __attribute__((target("avx512f,avx512vl")))
#define NAME hash_lanes_8_wide
#include "lanes.inc.h"

static uint32_t detect(void) {
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl")) return 16;
    if (__builtin_cpu_supports("avx2")) return 8;
    if (__builtin_cpu_supports("sse4.1")) return 4;
    return 1;
}

#elif defined(__aarch64__)

// NEON is part of the architecture.
#define LANES 4
#define TARGET
#define NAME hash_lanes_4
#include "lanes.inc.h"

static uint32_t detect(void) {
    return 4;
}

#else

static uint32_t detect(void) {
    return 1;
}

#endif

uint32_t cblake3_lanes(void) {
    // Threads that race here find the same answer.
    static uint32_t known;
    uint32_t lanes = __atomic_load_n(&known, __ATOMIC_RELAXED);
    if (lanes == 0) {
        lanes = detect();
        __atomic_store_n(&known, lanes, __ATOMIC_RELAXED);
    }
    return lanes;
}

void hash_many(
    inputs inputs, size_t count, uint32_t lanes, const chaining_value *key, chaining_value *output
) {
    while (count > 0) {
        size_t width = 1;
        hash_lanes *hash = hash_lanes_1;
#if defined(__x86_64__)
        bool wide = lanes >= 16;
        if (wide) hash = hash_lanes_1_wide;
        if (count > 1 && lanes >= 4) width = 4, hash = wide ? hash_lanes_4_wide : hash_lanes_4;
        if (count > 4 && lanes >= 8) width = 8, hash = wide ? hash_lanes_8_wide : hash_lanes_8;
        if (count > 8 && wide) width = 16, hash = hash_lanes_16;
#elif defined(__aarch64__)
        if (count > 1 && lanes >= 4) width = 4, hash = hash_lanes_4;
#endif
        size_t taken = count < width ? count : width;
        hash(&inputs, taken, key, output);
        inputs.bytes += taken * inputs.stride;
        inputs.counter += taken * inputs.counter_step;
        output += taken;
        count -= taken;
    }
}
