/* What the keys of exported objects look like: text with named parts in braces, such as
 * "dt={day}/{archive}-{ymd}-{first}-{last}-{events}-{digest}.{ext}". Pure. */
#ifndef TOOLS_STELE_EXPORT_KEY_TEMPLATE_H
#define TOOLS_STELE_EXPORT_KEY_TEMPLATE_H

#include "daemon/ship/object_codec.h"
#include "daemon/ship/target/target.h"

/* The key that shipping uses: the day as a Hive partition. */
#define KEY_TEMPLATE_HIVE "dt={day}/{archive}-{ymd}-{first}-{last}-{events}-{digest}.{ext}"
/* All objects side by side below the prefix, as Hunters' data flows have them. */
#define KEY_TEMPLATE_FLAT "{archive}-{ymd}-{first}-{last}-{events}-{digest}.{ext}"

/* What a key may tell of its object. */
struct key_template_facts {
    const char *archive_id; /* UUID */
    int64_t day_us;
    int64_t first_block;
    int64_t last_block;
    int64_t number; /* of the object in its export, from 1 */
    struct ledger_content content;
    enum object_codec codec;
};

/* ERR_USAGE: an unknown part (the text lists those there are), braces that do not close, names
 * between slashes that are empty or begin with a dot, or parts that do not tell every object from
 * every other: that takes {number}, or {first} and a whole day ({day}, {ymd}, or {year}, {month}
 * and {mday}). */
MUST_USE enum status key_template_check(const char *text, struct err *err);

/* The key by a template that was checked. ERR_LIMIT: over TARGET_KEY_BYTES. */
MUST_USE enum status key_template_fill(const char *text, const struct key_template_facts *facts,
                                       char out[TARGET_KEY_BYTES], struct err *err);

#endif
