// BLAKE3 (O'Connor, Aumasson, Neves, Wilcox-O'Hearn: "BLAKE3, one function, fast everywhere",
// 2020) for one thread: nothing here allocates, and there is no state but what the caller holds.
// Swift sees it through HifCore/Hashing only.
#ifndef CBLAKE3_H
#define CBLAKE3_H

#include <stddef.h>
#include <stdint.h>

// Thirty-two bytes as four little-endian words: a key or a hash, passed by value.
typedef struct {
    uint64_t word0, word1, word2, word3;
} cblake3_words;

// What the caller may put into `mode`.
enum {
    cblake3_mode_hash = 0,
    cblake3_mode_keyed = 1 << 4,
    cblake3_mode_context = 1 << 5,
    cblake3_mode_derive = 1 << 6,
};

// A hasher that takes its input in pieces. Opaque: Swift holds it as an array of 64-bit words.
typedef struct cblake3_state cblake3_state;
enum { cblake3_state_words = 356 };

// The key of the two modes that have none of their own.
cblake3_words cblake3_initial_key(void);

// How many chunks this processor hashes at once: 1, 4, 8 or 16. Safe from any thread. Every
// function below takes a width up to this one, and gives the same hash for all of them.
uint32_t cblake3_lanes(void);

// The hash of `count` bytes; `bytes` may be null when there are none.
cblake3_words cblake3_hash(
    cblake3_words key, uint32_t mode, uint32_t lanes, const void *bytes, size_t count);

void cblake3_begin(cblake3_state *state, cblake3_words key, uint32_t mode, uint32_t lanes);
void cblake3_update(cblake3_state *state, const void *bytes, size_t count);
// The first `count` bytes of the output; the state may be fed further afterwards.
void cblake3_finish(const cblake3_state *state, void *output, size_t count);

#endif
