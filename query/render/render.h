/* Hits as output. One thread. */
#ifndef QUERY_RENDER_RENDER_H
#define QUERY_RENDER_RENDER_H

#include <stdio.h>

#include "query/search/search_run.h"

enum render_form {
    RENDER_TABLE,  /* for people: time, severity, type, actor, address, target, and what was done in
                      a sentence; a line an event */
    RENDER_JSON,   /* an array */
    RENDER_NDJSON, /* one line each; line breaks inside of an event become spaces */
    RENDER_RAW,    /* the bytes as they came, and a newline */
    RENDER_CSV,    /* RFC 4180: time,severity,event,code,actor,address,target,uid */
};

/* False when there is no form of that name (table, json, ndjson, raw, csv). */
bool render_form_find(const char *name, enum render_form *out_form);

struct render {
    enum render_form form;
    FILE *out;
    size_t columns; /* of the terminal; SIZE_MAX: lines are not cut */
    bool colour;
    int64_t count;
    struct buf line;
    struct buf sentence; /* of the line */
    struct arena arena;
};

/* Looks at the terminal: its width (or COLUMNS), and colour only on one and without NO_COLOR. */
void render_init(struct render *render, enum render_form form, FILE *out);
void render_fini(struct render *render);

/* Writes one; ERR_IO when the output fails. */
MUST_USE enum status render_hit(struct render *render, const struct search_hit *hit,
                                struct err *err);
/* What stands at the end. */
MUST_USE enum status render_end(struct render *render, struct err *err);

#endif
