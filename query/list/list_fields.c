#include "query/list/list_internal.h"

#include "query/ioc/indicator_parse.h"

enum { TYPE_BYTES_MAX = 32 };

void list_fields_init(struct list_fields *fields)
{
    intern_init(&fields->names);
    fields->is_ready = true;
}

void list_fields_fini(struct list_fields *fields)
{
    if (fields->is_ready) {
        intern_fini(&fields->names);
        vec_fini(&fields->items);
        fields->is_ready = false;
    }
}

uint32_t list_fields_add(struct list_fields *fields, struct span name)
{
    uint32_t number = intern_add(&fields->names, name, LIST_FIELDS_MAX);
    if (number == INTERN_NONE || number < fields->items.count) {
        return number;
    }
    const struct list_field field = {.says = list_name_of(name)};
    return vec_push(&fields->items, field) ? number : INTERN_NONE;
}

struct list_field *list_fields_at(struct list_fields *fields, uint32_t number)
{
    return vec_at(&fields->items, number);
}

static bool is_type_name(struct span cell)
{
    struct list_name name = list_name_of(cell);
    return cell.size <= TYPE_BYTES_MAX && !memchr(cell.data, '.', cell.size) &&
           (name.role == LIST_ROLE_KIND || name.role == LIST_ROLE_NONE);
}

/* Does the cell begin with an indicator? *out_looks: what it and the other words of the cell are.
 */
static bool is_plain(struct span cell, struct buf *normal, unsigned *out_looks)
{
    struct list_word word;
    bool plain = false;
    bool first = true;
    *out_looks = 0;
    for (size_t at = 0; list_word_next(cell, &at, &word); first = false) {
        struct indicator indicator;
        if (!indicator_parse_known(word.text, word.has, normal, &indicator) &&
            list_is_sure(&indicator)) {
            plain |= first;
            *out_looks |= 1u << indicator.kind;
        }
    }
    return plain;
}

void list_field_see(struct list_field *field, struct span cell, struct buf *normal)
{
    struct span first;
    struct span last;
    unsigned looks = 0;
    cell = list_trim(cell);
    if (list_is_placeholder(cell) || field->cells >= LIST_SAMPLE_CELLS) {
        return;
    }
    field->cells++;
    if (is_plain(cell, normal, &looks)) {
        field->plain++;
    } else if (list_is_range(cell, &first, &last)) {
        field->plain++;
        looks |= 1u << OBSERVABLE_IP;
    } else if (is_type_name(cell)) {
        field->types++;
    }
    field->looks |= looks;
}

void list_field_judge(struct list_field *field)
{
    bool types = field->types * 10 >= field->cells * 8 && field->types > 0;
    bool plain = field->plain * 2 >= field->cells && field->plain > 0;
    switch (field->says.role) {
    case LIST_ROLE_REFERENCE:
    case LIST_ROLE_NONE:
        field->use = LIST_USE_NOTHING;
        break;
    case LIST_ROLE_KIND:
    case LIST_ROLE_VALUE:
        field->use = types && field->plain == 0 ? LIST_USE_TYPE : LIST_USE_VALUE;
        break;
    case LIST_ROLE_TYPE:
        field->use = plain && field->types == 0 ? LIST_USE_VALUE : LIST_USE_TYPE;
        break;
    case LIST_ROLE_UNKNOWN:
        field->use = types ? LIST_USE_TYPE : plain ? LIST_USE_VALUE : LIST_USE_NOTHING;
        break;
    case LIST_ROLE_CONFIDENCE:
    case LIST_ROLE_ABOUT:
    case LIST_ROLE_START:
    case LIST_ROLE_END:
    case LIST_ROLE_UNTIL:
    case LIST_ROLE_TO_IDS:
        field->use = LIST_USE_SAID;
        break;
    }
}

static bool is_of(const struct list_field *field, enum observable_kind kind)
{
    return field->says.role == LIST_ROLE_KIND && field->says.kind == kind;
}

/* Of the columns whose names say nothing, the one that has the most values; NULL: none has any. */
static struct list_field *fullest(struct list_fields *fields)
{
    struct list_field *best = NULL;
    for (size_t i = 0; i < fields->items.count; i++) {
        struct list_field *field = &fields->items.items[i];
        if (field->says.role == LIST_ROLE_UNKNOWN && field->use != LIST_USE_TYPE &&
            field->plain > (best ? best->plain : 0)) {
            best = field;
        }
    }
    return best;
}

/* "Indicator, Data, Note": the first says of which kind the second is, and both names are vague. So
 * a column of values that has none, but names of kinds, says what another's values are; and where
 * no name says which that is, it is the fullest one, even if most of its cells are something else,
 * as commands are. */
static void find_values(struct list_fields *fields)
{
    struct list_field *best = fullest(fields);
    bool named = false;
    for (size_t i = 0; best && i < fields->items.count; i++) {
        struct list_field *field = &fields->items.items[i];
        if (field->says.role == LIST_ROLE_VALUE && field->plain == 0 && field->types > 0) {
            field->use = LIST_USE_TYPE;
        }
        named |= field->use == LIST_USE_VALUE &&
                 (field->says.role == LIST_ROLE_VALUE || field->says.role == LIST_ROLE_KIND);
    }
    if (best && !named) {
        best->use = LIST_USE_VALUE;
    }
}

/* Beside a hash, a name is that of the file; beside ranges, an e-mail address is that of whom to
 * write to. */
void list_fields_judge_table(struct list_fields *fields)
{
    bool hashes = false;
    bool ranges = false;
    for (size_t i = 0; i < fields->items.count; i++) {
        struct list_field *field = &fields->items.items[i];
        list_field_judge(field);
        hashes |= field->use == LIST_USE_VALUE &&
                  (is_of(field, OBSERVABLE_HASH) || field->looks == 1u << OBSERVABLE_HASH);
        ranges |= field->says.role == LIST_ROLE_START;
    }
    if (!ranges) {
        find_values(fields);
    }
    for (size_t i = 0; i < fields->items.count; i++) {
        struct list_field *field = &fields->items.items[i];
        if ((hashes && is_of(field, OBSERVABLE_FILE)) ||
            (ranges && field->plain == 0 && is_of(field, OBSERVABLE_IP)) ||
            (ranges &&
             (is_of(field, OBSERVABLE_EMAIL) || field->looks == 1u << OBSERVABLE_EMAIL))) {
            field->use = LIST_USE_NOTHING;
            field->looks |= is_of(field, OBSERVABLE_FILE) ? 1u << OBSERVABLE_FILE : 0;
        }
    }
}

static void add_column(struct list_report *report, struct span name, const struct list_field *field)
{
    if (report->n_columns == LIST_COLUMNS_MAX) {
        return;
    }
    struct list_column *column = &report->columns[report->n_columns++];
    *column = (struct list_column){.is_taken = field->taken > 0,
                                   .kinds = field->taken > 0 ? field->kinds : field->looks,
                                   .taken = field->taken};
    column->name.size =
        (unsigned char)(name.size < LIST_TEXT_BYTES_MAX ? name.size : LIST_TEXT_BYTES_MAX);
    memcpy(column->name.bytes, name.data, column->name.size);
}

void list_fields_report(struct list_fields *fields, struct list_report *report)
{
    for (int taken = 1; taken >= 0; taken--) {
        for (size_t i = 0; i < fields->items.count; i++) {
            const struct list_field *field = &fields->items.items[i];
            if (taken ? field->taken > 0 : field->taken == 0 && field->looks != 0) {
                add_column(report, intern_text(&fields->names, (uint32_t)i), field);
            }
        }
    }
}
