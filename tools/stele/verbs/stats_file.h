/* stele stats of one file, a copy or a segment: what no catalogue need be asked for. */
#ifndef TOOLS_STELE_VERBS_STATS_FILE_H
#define TOOLS_STELE_VERBS_STATS_FILE_H

#include "schema/base/err.h"

/* Prints it as a table or, with json, as one object whose names are those of an archive; what only
 * a catalogue knows is null. */
MUST_USE enum status stats_file(const char *path, bool json, bool with_parts, struct err *err);

#endif
