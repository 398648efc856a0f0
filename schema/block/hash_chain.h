/* The chain of a day's blocks: each link is a digest of the one before and of a block, so that the
 * last one stands for all blocks, their order and their number.
 *
 *   chain_0 = SHA-256("stele-chain-1", start of the day in microseconds as 8 bytes, big-endian)
 *   chain_n = SHA-256(chain_(n-1), SHA-256 of block n's NDJSON, its number of events as 4 bytes,
 *             big-endian)
 *
 * Any thread. */
#ifndef SCHEMA_BLOCK_HASH_CHAIN_H
#define SCHEMA_BLOCK_HASH_CHAIN_H

#include "schema/block/block.h"

struct digest hash_chain_start(int64_t day_us);
struct digest hash_chain_add(const struct digest *before, const struct block_info *block);

#endif
