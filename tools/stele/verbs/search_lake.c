#include "tools/stele/verbs/search_lake.h"

#include <stdio.h>

enum status search_lake_print(const char *engine, struct lake_select select, struct err *err)
{
    struct buf out = BUF_INIT;
    select.table = select.table ? select.table : LAKE_TABLE_NAME;
    enum status status = lake_engine_find(engine, &select.engine, err);
    status = THEN(status, lake_table_name_check(select.table, err));
    status = THEN(status, lake_select_write(&select, &out, err));
    if (status == OK) {
        (void)fwrite(out.data, 1, out.size, stdout);
    }
    buf_fini(&out);
    return status;
}
