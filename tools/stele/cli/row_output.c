#include "tools/stele/cli/row_output.h"

_Static_assert((int)LISTING_TABLE == (int)OUTPUT_TABLE && (int)LISTING_JSON == (int)OUTPUT_JSON &&
                   (int)LISTING_NDJSON == (int)OUTPUT_NDJSON &&
                   (int)LISTING_RAW == (int)OUTPUT_RAW && (int)LISTING_CSV == (int)OUTPUT_CSV &&
                   (int)LISTING_CSV_SAFE == (int)OUTPUT_CSV_SAFE,
               "forms");

enum listing_form row_output_form(const struct options *options)
{
    CHECK(options->form != OUTPUT_STIX);
    return (enum listing_form)options->form;
}

enum status row_output_begin(const struct options *options, const struct listing_column *columns,
                             size_t count, struct listing *rows, struct err *err)
{
    return listing_begin(rows, row_output_form(options), columns, count, options->columns, stdout,
                         err);
}

enum status row_output_refuse_columns(const struct options *options, struct err *err)
{
    return options->columns && options->form == OUTPUT_JSON
               ? err_set(err, ERR_USAGE,
                         "--columns chooses columns of a table, csv or ndjson: json is one whole "
                         "document here")
               : OK;
}
