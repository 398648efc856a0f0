/* The actions of `stele hold` that change something. */
#ifndef TOOLS_STELE_VERBS_HOLD_ACTION_H
#define TOOLS_STELE_VERBS_HOLD_ACTION_H

#include "tools/stele/cli/verb.h"

extern const struct verb hold_action_add;
extern const struct verb hold_action_release;

#endif
