/* A column of a form, as far as it says nothing of lines. Private to the room. */
#ifndef SCHEMA_COLUMNAR_COLUMNAR_FORM_H
#define SCHEMA_COLUMNAR_COLUMNAR_FORM_H

#include "schema/columnar/columnar_part.h"

/* The odd values, and the section's numbers as they are packed, with the order they are in. */
MUST_USE enum status columnar_form_unpack(struct columnar_part *part, struct err *err);

#endif
