/* A copy's case header, for people. */
#ifndef TOOLS_STELE_COPY_COPY_PRINT_H
#define TOOLS_STELE_COPY_COPY_PRINT_H

#include "schema/copy/copy_case.h"

/* Lines on stdout, made harmless for a terminal; the fields of text that are empty are left out. */
void copy_print_case(const struct copy_case *facts);

#endif
