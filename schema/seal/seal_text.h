/* A seal as text: what an archive held at a time, made to be signed. JSON, one object and a
 * newline:
 *
 *   {"format":"stele-seal-1","archive":UUID,"number":N,"made":TIME,"previous":SHA256,"key":ID,
 *    "days":[{"day":"2026-11-23","blocks":[{"block":1,"events":4096,"bytes":2371234,
 *             "sha256":HEX,"arrivals":HEX,"lines":BASE64},...],"chain":HEX},...],
 *    "objects":[{"target":URL,"key":KEY,"bytes":N,"sha256":HEX,"day":DAY,"first":1,"last":3,
 *                "events":N,"codec":"zstd","sent":{"bytes":N,"sha256":HEX,"by":"zstd 1.5.4"},
 *                "shipped":TIME},...],
 *    "deleted":[{"id":1,"day":DAY,"at":TIME,"why":"age","events":N,"blocks":N,"last":N,
 *                "chain":HEX},...]}
 *
 * number counts from 1 without a gap; previous is the SHA-256 of the text of the seal before ("" in
 * the first), so that seals are a chain too. days: blocks that are new since the last seal, and the
 * chain (schema/block/hash_chain.h) up to the last of them. arrivals and lines:
 * schema/segment/block_proof.h. objects: shipped since the last seal; bytes and sha256 are of their
 * NDJSON, sent says how that was packed. deleted: days that retention took since the last seal. Any
 * thread; one at a time for each object. */
#ifndef SCHEMA_SEAL_SEAL_TEXT_H
#define SCHEMA_SEAL_SEAL_TEXT_H

#include "schema/archive/ledger.h"
#include "schema/base/arena.h"
#include "schema/base/vec.h"

#define SEAL_FORMAT "stele-seal-1"
enum { SEAL_TEXT_BYTES_MAX = 64 * 1024 * 1024 };

struct seal_head {
    char archive[37];
    int64_t number;
    int64_t made_us;
    bool has_previous;
    struct digest previous;
    char key_id[33];
};

struct seal_block {
    int64_t day_us;
    int64_t block;
    int64_t events;
    int64_t raw_bytes;
    struct digest sha256;
    struct digest arrivals_sha256; /* this and the next one: of its block_proof */
    struct span line_sums;
};

struct seal_day {
    int64_t day_us;
    size_t first; /* index of its first block in the seal's blocks */
    size_t count;
    struct digest chain;
};

struct seal_object {
    struct span target;
    struct span key;
    int64_t bytes; /* this and the next: of the NDJSON, not packed */
    struct digest sha256;
    int64_t day_us;
    int64_t first_block;
    int64_t last_block;
    int64_t events;
    enum ledger_codec codec;
    struct ledger_sent sent;
    int64_t shipped_us;
};

struct seal_deletion {
    int64_t id;
    int64_t day_us;
    int64_t deleted_us;
    struct span why;
    int64_t events;
    int64_t blocks;
    int64_t last_block; /* its number; 0: not to be read */
    bool has_chain;
    struct digest chain;
};

/* A seal. Spans are in its arena, or in what it was filled from. */
struct seal {
    struct seal_head head;
    VEC(struct seal_block) blocks;
    VEC(struct seal_day) days; /* their blocks one behind the other */
    VEC(struct seal_object) objects;
    VEC(struct seal_deletion) deletions;
    struct arena arena;
};
void seal_fini(struct seal *seal);
void seal_clear(struct seal *seal);

/* Appends the text. */
MUST_USE enum status seal_write(const struct seal *seal, struct buf *out, struct err *err);

/* Reads a text into *seal (cleared first). ERR_FORMAT says what is wrong with it; it does not
 * matter here who signed it. */
MUST_USE enum status seal_read(struct span text, struct seal *seal, struct err *err);

#endif
