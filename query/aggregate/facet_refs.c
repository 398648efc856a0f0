/* A text gets its number where it is met first. Endpoints are counted by their address, so that the
 * port of a client does not make two of one. */
#include "query/aggregate/facet_refs.h"

#include "schema/base/random.h"
#include "schema/event/endpoint.h"

void facet_refs_init(struct facet_refs *refs, struct span field, bool is_severity,
                     struct intern *texts)
{
    *refs = (struct facet_refs){.field = field, .is_severity = is_severity, .texts = texts};
    random_fill(&refs->seed, sizeof refs->seed);
}

void facet_refs_fini(struct facet_refs *refs)
{
    vec_fini(&refs->by_value);
    vec_fini(&refs->lists);
    vec_fini(&refs->numbers);
    index_table_fini(&refs->by_number);
    event_value_reader_fini(&refs->reader);
}

enum status facet_refs_begin(struct facet_refs *refs, const struct vocabulary *vocabulary,
                             struct err *err)
{
    size_t count = vocabulary->values.count;
    if (!vec_reserve(&refs->by_value, count + 1)) {
        return err_nomem(err, "top");
    }
    memset(refs->by_value.items, 0, (count + 1) * sizeof *refs->by_value.items);
    refs->by_value.count = count;
    refs->vocabulary = vocabulary;
    return OK;
}

void facet_refs_leave(struct facet_refs *refs)
{
    refs->vocabulary = NULL;
    vec_clear(&refs->lists);
}

enum status facet_refs_field(struct facet_refs *refs, const struct event_field *field,
                             uint32_t *out_ref, struct err *err)
{
    uint16_t port;
    struct span text =
        field->kind == EVENT_STRING ? endpoint_split(field->value, &port) : field->value;
    if (refs->is_severity) {
        enum event_severity severity = event_code_severity(text);
        if (severity == EVENT_SEVERITY_NONE) {
            *out_ref = FACET_REF_NOTHING;
            return OK;
        }
        text = span_str(event_severity_text(severity));
    }
    uint32_t number;
    enum status status = tuple_count_text(refs->texts, text, &number, err);
    if (status == OK) {
        *out_ref = FACET_REF_FIRST + number;
    }
    return status;
}

/* A value that is read: its refs go behind `start` in the lists. */
struct value_reading {
    struct facet_refs *refs;
    size_t start;
    enum status status;
    struct err *err;
};

static bool take_field(void *context, const struct event_field *field)
{
    struct value_reading *reading = context;
    struct facet_refs *refs = reading->refs;
    if (!span_equal(field->path, refs->field)) {
        return true;
    }
    uint32_t ref = FACET_REF_NOTHING;
    reading->status = facet_refs_field(refs, field, &ref, reading->err);
    bool is_new = reading->status == OK && ref != FACET_REF_NOTHING;
    for (size_t i = reading->start; is_new && i < refs->lists.count; i++) {
        is_new = refs->lists.items[i] != ref - FACET_REF_FIRST;
    }
    if (is_new && !vec_push(&refs->lists, ref - FACET_REF_FIRST)) {
        reading->status = err_nomem(reading->err, "top");
    }
    return reading->status == OK;
}

/* What stands in the lists from `start` on, behind a place for how many there are. */
static uint32_t make_ref(struct facet_refs *refs, size_t start)
{
    size_t count = refs->lists.count - start - 1;
    uint32_t first = count > 0 ? refs->lists.items[start + 1] : 0;
    if (count > 1) {
        refs->lists.items[start] = (uint32_t)count;
        return FACET_REF_SEVERAL | (uint32_t)start;
    }
    refs->lists.count = start;
    return count == 1 ? FACET_REF_FIRST + first : FACET_REF_NOTHING;
}

enum status facet_refs_value(struct facet_refs *refs, struct span path, struct columnar_value value,
                             uint32_t *out_ref, struct err *err)
{
    size_t start = refs->lists.count;
    if (start >= FACET_REF_SEVERAL / 2) {
        return err_set(err, ERR_LIMIT, "too many values in arrays: narrow the search");
    }
    if (!vec_push(&refs->lists, 0)) {
        return err_nomem(err, "top");
    }
    struct value_reading reading = {refs, start + 1, OK, err};
    if (!event_value_fields(&refs->reader, path, value.text, value.is_string, take_field,
                            &reading)) {
        return err_nomem(err, "top");
    }
    if (reading.status == OK) {
        *out_ref = make_ref(refs, start);
    }
    return reading.status;
}

enum status facet_refs_id(struct facet_refs *refs, struct span path, uint32_t id, uint32_t *out_ref,
                          struct err *err)
{
    uint32_t *known = vec_at(&refs->by_value, id);
    enum status status = OK;
    if (*known == FACET_REF_UNKNOWN) {
        struct columnar_value value = columnar_value_of(vocabulary_value(refs->vocabulary, id));
        status = facet_refs_value(refs, path, value, known, err);
    }
    if (status == OK) {
        *out_ref = *known;
    }
    return status;
}

static enum status read_form(struct facet_refs *refs, struct value_form form,
                             const struct value_form_bits *bits, uint32_t *out_ref, struct err *err)
{
    char text[VALUE_FORM_SPELLING_MAX];
    size_t size = value_form_write(form, bits, text);
    return facet_refs_value(refs, refs->field, columnar_value_of(span_of(text, size)), out_ref,
                            err);
}

/* Numbers of one form at a time are kept: a field has hardly ever another one. */
static void numbers_of(struct facet_refs *refs, struct value_form form)
{
    if (refs->form.kind != form.kind || refs->form.fraction != form.fraction) {
        refs->form = form;
        vec_clear(&refs->numbers);
        index_table_clear(&refs->by_number);
    }
}

enum status facet_refs_form(struct facet_refs *refs, struct value_form form,
                            const struct value_form_bits *bits, uint32_t *out_ref, struct err *err)
{
    if (form.kind == VALUE_FORM_ENDPOINT && bits->second != 0) {
        form.kind = VALUE_FORM_IPV4;
    }
    if (form.kind == VALUE_FORM_UUID || form.kind == VALUE_FORM_ENDPOINT) {
        return read_form(refs, form, bits, out_ref, err);
    }
    numbers_of(refs, form);
    uint32_t hash = index_table_mix(bits->number ^ refs->seed);
    for (struct index_table_probe probe = index_table_probe(&refs->by_number, hash);
         index_table_next(&probe);) {
        const struct facet_refs_number *known = &refs->numbers.items[probe.number];
        if (known->number == bits->number) {
            *out_ref = known->ref;
            return OK;
        }
    }
    struct facet_refs_number number = {.number = bits->number};
    enum status status = read_form(refs, form, bits, &number.ref, err);
    if (status == OK && (!vec_reserve(&refs->numbers, 1) ||
                         !index_table_add(&refs->by_number, hash, (uint32_t)refs->numbers.count))) {
        status = err_nomem(err, "top");
    }
    if (status == OK) {
        refs->numbers.items[refs->numbers.count++] = number;
        *out_ref = number.ref;
    }
    return status;
}
