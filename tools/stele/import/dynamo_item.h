/* Attributes of DynamoDB's JSON, in which each value says its type (AWS, "DynamoDB JSON":
 * {"M": {"event": {"S": "user.login"}, "ei": {"N": "0"}}}), as the plain JSON that they stand for.
 * Teleport keeps events so in FieldsMap; there are no other bytes of them. Pure. */
#ifndef TOOLS_STELE_IMPORT_DYNAMO_ITEM_H
#define TOOLS_STELE_IMPORT_DYNAMO_ITEM_H

#include "schema/base/arena.h"

enum { DYNAMO_ITEM_DEPTH_MAX = 64 };

/* Is it a map of such values? */
bool dynamo_item_is_map(struct span object);

/* Strings and names keep their escapes, numbers their digits, the members their order. Written into
 * the arena. False when a type is not known, or there are more than DYNAMO_ITEM_DEPTH_MAX in one
 * another; sets *out_nomem when memory is out. */
bool dynamo_item_plain(struct span object, struct arena *arena, struct span *out_plain,
                       bool *out_nomem);

#endif
