/* What `stele hold` can do: each is a verb of its own, named "hold add" and so on. */
#ifndef TOOLS_STELE_VERBS_HOLD_ACTION_H
#define TOOLS_STELE_VERBS_HOLD_ACTION_H

#include "tools/stele/cli/verb.h"

extern const struct verb hold_verb_add;
extern const struct verb hold_verb_list;
extern const struct verb hold_verb_release;

#endif
