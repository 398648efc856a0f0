#include "schema/columnar/columnar_walk.h"

struct columnar_value columnar_value_of(struct span spelling)
{
    if (vocabulary_is_quoted(spelling)) {
        return (struct columnar_value){span_of(spelling.data + 1, spelling.size - 2), true};
    }
    return (struct columnar_value){spelling, false};
}

static struct columnar_value value_of_form(struct columnar_walk *walk, size_t i)
{
    const struct columnar_column *column = walk->column;
    if (walk->next_odd < column->n_odd && column->odd[walk->next_odd] == i) {
        return columnar_value_of(column->odd_texts[walk->next_odd++]);
    }
    struct value_form_bits bits = {column->numbers[i], column->seconds ? column->seconds[i] : 0};
    return columnar_value_of(
        span_of(walk->text, value_form_write(column->form, &bits, walk->text)));
}

struct columnar_value columnar_walk_next(struct columnar_walk *walk)
{
    const struct columnar_column *column = walk->column;
    size_t i = walk->at++;
    CHECK(i < column->n_values);
    switch (column->way) {
    case COLUMNAR_FORM:
        return value_of_form(walk, i);
    case COLUMNAR_TEXT: {
        struct span text =
            span_of(column->text + column->start[i], column->start[i + 1] - column->start[i]);
        return column->is_quoted ? (struct columnar_value){text, true} : columnar_value_of(text);
    }
    case COLUMNAR_ONE:
    case COLUMNAR_IDS:
    case COLUMNAR_FOLLOWS:
        break;
    }
    uint64_t id = column->ids[column->places ? column->places[i] : 0];
    return columnar_value_of(vocabulary_value(walk->vocabulary, (uint32_t)id));
}
