/* How a list was read, for people and as JSON: its shape, what was taken of it and what was not. */
#ifndef TOOLS_STELE_HUNT_LIST_SAY_H
#define TOOLS_STELE_HUNT_LIST_SAY_H

#include <stdio.h>

#include "query/list/list.h"
#include "schema/text/json_writer.h"

/* Lines for people, each with `margin` in front. */
void list_say(FILE *out, const char *margin, const struct list_report *report);
/* Members of the object that is open. */
void list_say_json(struct json_writer *json, const struct list_report *report);

#endif
