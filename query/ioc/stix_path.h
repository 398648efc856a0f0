/* What the paths of STIX's objects (2.1, section 6) name in an event. */
#ifndef QUERY_IOC_STIX_PATH_H
#define QUERY_IOC_STIX_PATH_H

#include "schema/event/observable.h"

/* The kind that a value of that path is; OBSERVABLE_KINDS: its shape tells. False: no event has
 * such values. */
bool stix_path_kind(struct span path, enum observable_kind *out_kind);
/* What is said beside a value and says nothing more of it that an event would have: the value alone
 * counts. */
bool stix_path_is_beside(struct span path);

#endif
