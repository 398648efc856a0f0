#include "tools/stele/cli/coverage.h"

#include "tools/stele/cli/output.h"

enum { GAPS_SHOWN = 5 };

void coverage_print(const struct hunt_coverage *coverage, FILE *out)
{
    char sha256[DIGEST_HEX_BYTES];
    fprintf(out, "%-11s%s on %lld day%s", "searched", output_count(coverage->events, "event").text,
            (long long)coverage->days, output_plural(coverage->days));
    if (coverage->waiting > 0) {
        fprintf(out, ", %s of them in the inbox", output_number(coverage->waiting).text);
    }
    if (coverage->events > 0) {
        fprintf(out, "\n%-11s%s", "from", output_time(coverage->first_us).text);
        fprintf(out, "\n%-11s%s", "until", output_time(coverage->last_us).text);
    }
    for (size_t i = 0; i < coverage->n_gaps && i < GAPS_SHOWN; i++) {
        int64_t days = coverage->gaps[i].days;
        fprintf(out, "\n%-11s%lld day%s without an event from %s on", i == 0 ? "gaps" : "",
                (long long)days, output_plural(days), output_day(coverage->gaps[i].from_us).text);
    }
    if (coverage->n_gaps > GAPS_SHOWN) {
        fprintf(out, "\n%-11sand %zu more (--output json has all)", "",
                coverage->n_gaps - GAPS_SHOWN);
    }
    if (coverage->quarantined > 0) {
        bool one = coverage->quarantined == 1;
        fprintf(out, "\n%-11s%s that %s not searched (stele quarantine)", "quarantine",
                output_count(coverage->quarantined, "record").text,
                one ? "is no event was" : "are not events were");
    }
    fprintf(out, "\n%-11s%s\n", "sha256", digest_hex(&coverage->sha256, sha256));
}
