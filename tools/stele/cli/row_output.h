/* Rows of a verb on stdout, as the command line wants them: --output and --columns. */
#ifndef TOOLS_STELE_CLI_ROW_OUTPUT_H
#define TOOLS_STELE_CLI_ROW_OUTPUT_H

#include "query/render/listing.h"
#include "tools/stele/cli/options.h"

/* listing_begin of the form and the columns that were asked for. */
MUST_USE enum status row_output_begin(const struct options *options,
                                      const struct listing_column *columns, size_t count,
                                      struct listing *rows, struct err *err);

/* The form as rows have it; not of STIX. */
enum listing_form row_output_form(const struct options *options);

/* ERR_USAGE when --columns was given with --output json: the verb prints a document of its own, of
 * which the rows are a part. */
MUST_USE enum status row_output_refuse_columns(const struct options *options, struct err *err);

#endif
