#include "schema/block/hash_chain.h"

static void put_be(unsigned char *out, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        out[i] = (unsigned char)(value >> 8 * (bytes - 1 - i));
    }
}

struct digest hash_chain_start(int64_t day_us)
{
    static const char name[] = "stele-chain-1";
    unsigned char bytes[sizeof name - 1 + 8];
    memcpy(bytes, name, sizeof name - 1);
    put_be(bytes + sizeof name - 1, (uint64_t)day_us, 8);
    return digest_sha256(span_of(bytes, sizeof bytes));
}

struct digest hash_chain_add(const struct digest *before, const struct block_info *block)
{
    unsigned char bytes[2 * DIGEST_SHA256_BYTES + 4];
    memcpy(bytes, before->bytes, DIGEST_SHA256_BYTES);
    memcpy(bytes + DIGEST_SHA256_BYTES, block->sha256.bytes, DIGEST_SHA256_BYTES);
    put_be(bytes + sizeof bytes - 4, block->n_events, 4);
    return digest_sha256(span_of(bytes, sizeof bytes));
}
