/* What `stele hold` can do: each is a verb of its own, named "hold add" and so on. */
#ifndef TOOLS_STELE_VERBS_HOLD_ACTION_H
#define TOOLS_STELE_VERBS_HOLD_ACTION_H

#include "tools/stele/cli/verb.h"

extern const struct verb hold_action_add;
extern const struct verb hold_action_list;
extern const struct verb hold_action_release;

#endif
