// The tree of chunks: how an input becomes chaining values, and those one root.
//
// Chunks are hashed in batches, many lanes at a time, and a batch's chaining values are paired
// level by level, an odd last one rising unpaired; that is the tree BLAKE3 defines (its left
// subtrees are always full). Full subtrees of equal size merge on a stack whose depth is the
// number of ones in the count of chunks so far. The last bytes are always kept back, so nothing
// that may turn out to be the root is ever merged too early.
#include "internal.h"

#include <string.h>

enum { batch_chunks = 256, depth_max = 54 };

struct cblake3_state {
    chaining_value key;
    uint32_t mode;
    uint32_t lanes;
    // Chunks hashed so far, not counting what waits in `buffer`.
    uint64_t chunks;
    uint32_t buffered;
    uint32_t depth;
    uint8_t buffer[chunk_bytes];
    chaining_value stack[depth_max + 1];
};

_Static_assert(sizeof(cblake3_state) <= cblake3_state_words * 8, "cblake3_state_words too small");

// The last compression of a subtree, not yet done: as the root it would have one flag more.
typedef struct {
    chaining_value value;
    uint8_t block[block_bytes];
    uint32_t length;
    uint64_t counter;
    uint32_t flags;
} node;

static chaining_value value_from(cblake3_words words) {
    chaining_value value;
    memcpy(&value, &words, sizeof value);
    return value;
}

static cblake3_words words_from(chaining_value value) {
    cblake3_words words;
    memcpy(&words, &value, sizeof words);
    return words;
}

cblake3_words cblake3_initial_key(void) {
    return words_from((chaining_value){{IV0, IV1, IV2, IV3, IV4, IV5, IV6, IV7}});
}

static void hash_chunks(
    const uint8_t *bytes, size_t count, uint64_t counter, const cblake3_state *state,
    chaining_value *output
) {
    inputs chunks = {
        .bytes = bytes, .stride = chunk_bytes, .blocks = blocks_each_chunk,
        .counter = counter, .counter_step = 1,
        .flags = state->mode, .flags_first = chunk_start, .flags_last = chunk_end,
    };
    hash_many(chunks, count, state->lanes, &state->key, output);
}

// Pairs `values` level by level, in place, until at most `target` (1 or 2) remain.
static size_t reduce(
    chaining_value *values, size_t count, size_t target, const cblake3_state *state
) {
    while (count > target) {
        inputs parents = {
            .bytes = (const uint8_t *)values, .stride = block_bytes, .blocks = 1,
            .flags = state->mode | parent,
        };
        hash_many(parents, count / 2, state->lanes, &state->key, values);
        if (count % 2 == 1) values[count / 2] = values[count - 1];
        count = count / 2 + count % 2;
    }
    return count;
}

static node parent_node(
    const chaining_value *left, const chaining_value *right, const cblake3_state *state
) {
    node result = {
        .value = state->key, .length = block_bytes, .flags = state->mode | parent,
    };
    memcpy(result.block, left, sizeof *left);
    memcpy(result.block + sizeof *left, right, sizeof *right);
    return result;
}

static chaining_value node_value(const node *node, uint32_t lanes) {
    chaining_value value = node->value;
    compress(&value, node->block, node->length, node->counter, node->flags, lanes);
    return value;
}

// The node of one chunk of at most 1,024 bytes.
static node chunk_node(
    const uint8_t *bytes, size_t count, uint64_t counter, const chaining_value *key, uint32_t mode,
    uint32_t lanes
) {
    node result = {.value = *key, .counter = counter, .flags = mode | chunk_start};
    while (count > block_bytes) {
        compress(&result.value, bytes, block_bytes, counter, result.flags, lanes);
        result.flags = mode;
        bytes += block_bytes;
        count -= block_bytes;
    }
    if (count > 0) memcpy(result.block, bytes, count);
    result.length = (uint32_t)count;
    result.flags |= chunk_end;
    return result;
}

// Puts a full subtree on the stack after `chunks` chunks in all, and merges what became full.
static void push(cblake3_state *state, chaining_value value, uint64_t chunks) {
    state->stack[state->depth++] = value;
    while (state->depth > (uint32_t)__builtin_popcountll(chunks)) {
        const chaining_value *top = &state->stack[state->depth - 2];
        node merged = parent_node(top, top + 1, state);
        state->depth--;
        state->stack[state->depth - 1] = node_value(&merged, state->lanes);
    }
}

// Hashes whole chunks, at most a batch, after which more input is certain to come.
static void take_chunks(cblake3_state *state, const uint8_t *bytes, size_t count) {
    chaining_value values[batch_chunks];
    hash_chunks(bytes, count, state->chunks, state, values);
    for (size_t start = 0; start < count;) {
        // The largest full subtree that begins here: a power of two that divides its position.
        size_t size = 1;
        while (size * 2 <= count - start && state->chunks % (size * 2) == 0) size *= 2;
        reduce(values + start, size, 1, state);
        state->chunks += size;
        push(state, values[start], state->chunks);
        start += size;
    }
}

void cblake3_begin(cblake3_state *state, cblake3_words key, uint32_t mode, uint32_t lanes) {
    state->key = value_from(key);
    state->mode = mode;
    state->lanes = lanes;
    state->chunks = 0;
    state->buffered = 0;
    state->depth = 0;
}

void cblake3_update(cblake3_state *state, const void *input, size_t count) {
    const uint8_t *bytes = input;
    if (count == 0) return;
    if (state->buffered > 0) {
        size_t taken = chunk_bytes - state->buffered;
        if (taken > count) taken = count;
        memcpy(state->buffer + state->buffered, bytes, taken);
        state->buffered += (uint32_t)taken;
        bytes += taken;
        count -= taken;
        if (count == 0) return;
        take_chunks(state, state->buffer, 1);
        state->buffered = 0;
    }
    while (count > chunk_bytes) {
        size_t chunks = (count - 1) / chunk_bytes;
        if (chunks > batch_chunks) chunks = batch_chunks;
        take_chunks(state, bytes, chunks);
        bytes += chunks * chunk_bytes;
        count -= chunks * chunk_bytes;
    }
    memcpy(state->buffer, bytes, count);
    state->buffered = (uint32_t)count;
}

// Merges the last, rightmost node with everything on the stack: what remains is the root's node.
static node fold(const cblake3_state *state, node last) {
    for (uint32_t depth = state->depth; depth > 0; depth--) {
        chaining_value right = node_value(&last, state->lanes);
        last = parent_node(&state->stack[depth - 1], &right, state);
    }
    return last;
}

void cblake3_finish(const cblake3_state *state, void *output, size_t count) {
    node last = fold(
        state,
        chunk_node(state->buffer, state->buffered, state->chunks, &state->key, state->mode,
            state->lanes));
    uint8_t *bytes = output;
    for (uint64_t counter = 0; count > 0; counter++) {
        uint8_t block[block_bytes];
        compress_wide(&last.value, last.block, last.length, counter, last.flags | root, block);
        size_t taken = count < block_bytes ? count : block_bytes;
        memcpy(bytes, block, taken);
        bytes += taken;
        count -= taken;
    }
}

static cblake3_words root_words(node last, uint32_t lanes) {
    last.flags |= root;
    last.counter = 0;
    return words_from(node_value(&last, lanes));
}

// Not inlined: its batch needs 8 KiB of stack, which the small inputs should not touch.
static __attribute__((noinline)) cblake3_words hash_tree(
    cblake3_words key, uint32_t mode, uint32_t lanes, const uint8_t *bytes, size_t count
) {
    cblake3_state state;
    cblake3_begin(&state, key, mode, lanes);
    while (count > batch_chunks * chunk_bytes) {
        take_chunks(&state, bytes, batch_chunks);
        bytes += batch_chunks * chunk_bytes;
        count -= batch_chunks * chunk_bytes;
    }
    // Here the end is known, so the last chunks need not be kept back one by one.
    chaining_value values[batch_chunks];
    size_t whole = count / chunk_bytes;
    hash_chunks(bytes, whole, state.chunks, &state, values);
    size_t rest = count % chunk_bytes;
    if (rest > 0) {
        node last = chunk_node(
            bytes + whole * chunk_bytes, rest, state.chunks + whole, &state.key, mode, lanes);
        values[whole] = node_value(&last, lanes);
        whole++;
    }
    if (whole > 1) {
        reduce(values, whole, 2, &state);
        return root_words(fold(&state, parent_node(&values[0], &values[1], &state)), lanes);
    }
    // A single chunk at the end of a longer input: its value meets the top of the stack.
    state.depth--;
    return root_words(
        fold(&state, parent_node(&state.stack[state.depth], &values[0], &state)), lanes);
}

cblake3_words cblake3_hash(
    cblake3_words key, uint32_t mode, uint32_t lanes, const void *bytes, size_t count
) {
    if (count > chunk_bytes) return hash_tree(key, mode, lanes, bytes, count);
    chaining_value value = value_from(key);
    return root_words(chunk_node(bytes, count, 0, &value, mode, lanes), lanes);
}
