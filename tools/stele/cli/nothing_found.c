#include "tools/stele/cli/nothing_found.h"

#include <stdio.h>
#include <unistd.h>

#include "tools/stele/cli/coverage.h"

void nothing_found_say(const struct zero_question *question, bool coverage)
{
    struct buf lines = BUF_INIT;
    struct hunt_result searched;
    struct err err;
    (void)fflush(stdout);
    (void)!zero_advise(question, &lines, &err);
    bool is_terminal = isatty(STDERR_FILENO) != 0;
    fprintf(stderr, "%s%.*s", is_terminal ? "nothing was found\n" : "", SPAN_FMT(buf_span(&lines)));
    if (is_terminal && coverage && zero_coverage(question, &searched, &err) == OK) {
        coverage_print(&searched.coverage, stderr);
        hunt_fini(&searched);
    }
    buf_fini(&lines);
}

void nothing_found_in(const struct day_iterator_options *search)
{
    const struct zero_question question = {.path = search->path,
                                           .query = search->query,
                                           .from_us = search->from_us,
                                           .to_us = search->to_us};
    nothing_found_say(&question, true);
}
