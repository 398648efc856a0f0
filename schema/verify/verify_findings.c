#include "schema/verify/verify_findings.h"

void verify_findings_fini(struct verify_findings *findings)
{
    vec_fini(&findings->kept);
    arena_fini(&findings->texts);
}

static void keep(void *context, const struct verify_finding *finding)
{
    struct verify_findings *findings = context;
    struct verify_finding copy = *finding;
    copy.what = arena_copy(&findings->texts, span_str(finding->what)).data;
    findings->nomem |= !copy.what || !vec_push(&findings->kept, copy);
}

void verify_findings_begin(struct verify_findings *findings)
{
    vec_clear(&findings->kept);
    arena_reset(&findings->texts);
    findings->nomem = false;
    findings->report = (struct verify_report){.each = keep, .context = findings};
}

void verify_findings_tell(const struct verify_findings *findings, size_t from, size_t to,
                          struct verify_report *report)
{
    CHECK(from <= to && to <= findings->kept.count);
    for (size_t i = from; i < to; i++) {
        verify_tell(report, &findings->kept.items[i]);
    }
}
