#include "schema/base/hash64.h"

#include <endian.h>

static uint64_t mix(uint64_t a, uint64_t b)
{
    __extension__ unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static const uint64_t k0 = 0xa0761d6478bd642fu;
static const uint64_t k1 = 0xe7037ed1a0b428dbu;

static uint64_t word_at(const char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return le64toh(word);
}

/* Multiply-and-fold over 8-byte words, little-endian, after the idea of wyhash. */
uint64_t hash64(struct span bytes, uint64_t seed)
{
    uint64_t hash = seed ^ mix(bytes.size ^ k0, k1);
    const char *at = bytes.data;
    size_t left = bytes.size;
    while (left >= 16) {
        hash = mix(word_at(at) ^ k0, word_at(at + 8) ^ hash);
        at += 16;
        left -= 16;
    }
    char tail[16] = {0};
    if (left > 0) {
        memcpy(tail, at, left);
    }
    return mix(mix(word_at(tail) ^ k0 ^ hash, word_at(tail + 8) ^ k1), k1 ^ hash);
}

/* Four lanes, as each multiplication waits for the one before it. */
uint64_t hash64_page(struct span bytes, uint64_t seed)
{
    enum { LANES = 4, STRIDE = 16 * LANES };
    uint64_t lanes[LANES] = {seed ^ k0, seed ^ k1, seed, ~seed};
    const char *at = bytes.data;
    size_t left = bytes.size;
    while (left >= STRIDE) {
        for (int i = 0; i < LANES; i++) {
            lanes[i] = mix(word_at(at + 16 * i) ^ k0, word_at(at + 16 * i + 8) ^ lanes[i]);
        }
        at += STRIDE;
        left -= STRIDE;
    }
    uint64_t low = mix(lanes[0] ^ k0, lanes[1] ^ k1);
    uint64_t high = mix(lanes[2] ^ k1, lanes[3] ^ k0);
    return hash64(span_of(at, left), mix(low ^ k1, high ^ seed));
}
