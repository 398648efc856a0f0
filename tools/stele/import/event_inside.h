/* Could there be an event somewhere in a value of JSON that is none itself? Looks at names and
 * shapes only and builds nothing, so that an object is opened for good reason. Linear in the value;
 * pure. */
#ifndef TOOLS_STELE_IMPORT_EVENT_INSIDE_H
#define TOOLS_STELE_IMPORT_EVENT_INSIDE_H

#include "schema/base/arena.h"

enum { EVENT_INSIDE_DEPTH_MAX = 64 }; /* what lies deeper is not seen */

/* The name of a type, as `event` has it: not empty, and no text of an event. */
bool event_inside_is_type(struct span type);

/* Is the type of this object, as the parser found one, its own `event`, rather than an element of a
 * list of that name? */
bool event_inside_type_is_own(struct span object);

/* A string, with its quotes, that holds the text of an object with an `event`, perhaps behind other
 * text. */
bool event_inside_string(struct span string);

/* An object or a list in which there is an object with a type, or such a string. strict: beside the
 * type it also has what other systems' events have not: ei, uid, code or cluster_name. */
bool event_inside_value(struct span value, bool strict);

/* A string that begins with a brace. */
bool event_inside_is_json(struct span string);

/* Text in another clothing: a string of base64, or a list of the text's bytes (journald). False
 * when it is neither, or no event is in it; else what it says, in the arena. Sets *out_nomem when
 * memory is out. */
bool event_inside_decode(struct span value, struct arena *arena, struct span *out_text,
                         bool *out_nomem);

#endif
