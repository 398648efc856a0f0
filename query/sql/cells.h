/* What the rows of one block have in a field, read from the block's columns. A column holds each
 * value as it is spelled, so a cell is what json_path.h finds in the event's line. One thread. */
#ifndef QUERY_SQL_CELLS_H
#define QUERY_SQL_CELLS_H

#include "query/eval/plan.h"
#include "query/sql/json_path.h"
#include "query/sql/snapshot.h"

enum { CELLS_NO_ROW = UINT16_MAX };

struct cells {
    struct snapshot_day *day;
    struct block_view *view;     /* on the block */
    const uint16_t *row_of_slot; /* CELLS_NO_ROW: the event is no row */
    struct arena *arena;         /* of what the cells and lines point to */
    struct span *lines;          /* by row */
};

/* Fills the cells of the block's rows, by row, which are JSON_PATH_NONE before. One that is left
 * JSON_PATH_OPEN is to be read from the event's line: the event is kept whole, or the field is an
 * object that was cut, lies in one that was not, or came more than once. Lines of events that are
 * kept whole are put into lines[], if there is none yet (newlines inside of them as spaces).
 * ERR_CORRUPT: a column that it takes is damaged. */
MUST_USE enum status cells_fill(const struct cells *cells, struct span field,
                                struct json_path_value *out, struct err *err);

/* Is a spelling an array or an object? */
static inline bool cells_has_brackets(struct span spelling)
{
    return spelling.size > 0 && (spelling.data[0] == '[' || spelling.data[0] == '{');
}
/* Can a value of column i be one? ERR_CORRUPT. */
MUST_USE enum status cells_may_have_brackets(const struct block_columns *columns, size_t i,
                                             bool *out_may, struct err *err);

#endif
