#include "schema/base/hash64.h"

static uint64_t mix(uint64_t a, uint64_t b)
{
    __extension__ unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Multiply-and-fold over 8-byte words, after the idea of wyhash. */
uint64_t hash64(struct span bytes, uint64_t seed)
{
    const uint64_t k0 = 0xa0761d6478bd642fu;
    const uint64_t k1 = 0xe7037ed1a0b428dbu;
    uint64_t hash = seed ^ mix(bytes.size ^ k0, k1);
    const char *at = bytes.data;
    size_t left = bytes.size;
    while (left >= 16) {
        uint64_t a;
        uint64_t b;
        memcpy(&a, at, 8);
        memcpy(&b, at + 8, 8);
        hash = mix(a ^ k0, b ^ hash);
        at += 16;
        left -= 16;
    }
    uint64_t tail[2] = {0, 0};
    if (left > 0) {
        memcpy(tail, at, left);
    }
    return mix(mix(tail[0] ^ k0 ^ hash, tail[1] ^ k1), k1 ^ hash);
}
