/* Building the list of observables of a block. On the thread that writes the block. */
#include "schema/block/observable_index.h"

#include "schema/base/hash64.h"
#include "schema/event/term.h"

/* So many are sorted before it is known that a group has too many. */
enum { DRAFT_MAX = 4 * OBSERVABLE_INDEX_GROUP_MAX };

static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};

uint64_t observable_index_key(enum observable_kind kind, struct span normal)
{
    if (kind == OBSERVABLE_FILE) {
        struct span name = observable_key_file_name(normal);
        normal = name.size > 0 ? name : normal;
    }
    return observable_key(kind, normal) >> (OBSERVABLE_KEY_BITS - OBSERVABLE_INDEX_KEY_BITS);
}

void observable_index_builder_fini(struct observable_index_builder *draft)
{
    vec_fini(&draft->v4);
    vec_fini(&draft->keys);
    vec_fini(&draft->v6);
    vec_fini(&draft->paths);
    buf_fini(&draft->groups);
}

static void clear_group(struct observable_index_builder *draft)
{
    vec_clear(&draft->v4);
    vec_clear(&draft->keys);
    vec_clear(&draft->v6);
    vec_clear(&draft->paths);
    draft->path_is_used = false;
    draft->has_more = draft->n_entries >= OBSERVABLE_INDEX_ENTRIES_MAX;
}

void observable_index_builder_clear(struct observable_index_builder *draft)
{
    buf_clear(&draft->groups);
    draft->failed = false;
    draft->path = 0;
    draft->last_path = 0;
    draft->n_entries = 0;
    clear_group(draft);
}

static int compare_numbers(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static int compare_v6(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct observable_index_v6));
}

/* In order, and each once. */
static void sort_numbers(struct observable_index_numbers *numbers)
{
    size_t kept = 0;
    vec_sort(numbers, compare_numbers);
    for (size_t i = 0; i < numbers->count; i++) {
        if (kept == 0 || numbers->items[kept - 1] != numbers->items[i]) {
            numbers->items[kept++] = numbers->items[i];
        }
    }
    numbers->count = kept;
}

static size_t entries(const struct observable_index_builder *draft)
{
    return draft->v4.count + draft->keys.count + draft->v6.count;
}

static void sort_group(struct observable_index_builder *draft)
{
    size_t kept = 0;
    sort_numbers(&draft->v4);
    sort_numbers(&draft->keys);
    vec_sort(&draft->v6, compare_v6);
    for (size_t i = 0; i < draft->v6.count; i++) {
        if (kept == 0 || compare_v6(&draft->v6.items[kept - 1], &draft->v6.items[i]) != 0) {
            draft->v6.items[kept++] = draft->v6.items[i];
        }
    }
    draft->v6.count = kept;
    if (entries(draft) > OBSERVABLE_INDEX_GROUP_MAX) {
        vec_clear(&draft->v4);
        vec_clear(&draft->keys);
        vec_clear(&draft->v6);
        draft->has_more = true;
    }
}

static void add_address(struct observable_index_builder *draft, struct span normal)
{
    struct observable_index_v6 address;
    if (!term_address_bytes(normal, address.bytes)) {
        return;
    }
    if (memcmp(address.bytes, mapped, sizeof mapped) != 0) {
        draft->failed = draft->failed || !vec_push(&draft->v6, address);
        return;
    }
    uint64_t v4 = 0;
    for (size_t i = sizeof mapped; i < OBSERVABLE_KEY_ADDRESS_BYTES; i++) {
        v4 = v4 << 8 | address.bytes[i];
    }
    draft->failed = draft->failed || !vec_push(&draft->v4, v4);
}

static void add_key(void *context, uint64_t key)
{
    struct observable_index_builder *draft = context;
    key >>= OBSERVABLE_KEY_BITS - OBSERVABLE_INDEX_KEY_BITS;
    draft->failed = draft->failed || !vec_push(&draft->keys, key);
}

void observable_index_add(struct observable_index_builder *draft,
                          const struct observable *observable)
{
    if (!draft->path_is_used) {
        draft->failed = draft->failed || !vec_push(&draft->paths, draft->path);
        draft->path_is_used = true;
    }
    if (draft->has_more) {
        return;
    }
    if (observable->kind == OBSERVABLE_IP) {
        add_address(draft, observable->normal);
    } else if (observable->kind == OBSERVABLE_FILE) {
        uint64_t key = observable_index_key(OBSERVABLE_FILE, observable->normal);
        draft->failed = draft->failed || !vec_push(&draft->keys, key);
    } else {
        observable_key_all(observable->kind, observable->normal, add_key, draft);
    }
    if (entries(draft) >= DRAFT_MAX) {
        sort_group(draft);
    }
}

/* Bits that are not a whole byte yet. */
struct bit_writer {
    struct buf *out;
    uint64_t bits;
    unsigned count;
};

static void add_bits(struct bit_writer *writer, uint64_t bits, unsigned count)
{
    writer->bits |= bits << writer->count;
    for (writer->count += count; writer->count >= 8; writer->count -= 8) {
        buf_add_char(writer->out, (char)writer->bits);
        writer->bits >>= 8;
    }
}

/* The low bits of a difference are as many as differences have on average. */
static void add_numbers(struct buf *out, const struct observable_index_numbers *numbers)
{
    if (numbers->count == 0) {
        return;
    }
    uint64_t average = numbers->items[numbers->count - 1] / numbers->count;
    unsigned low = average > 0 ? 63 - (unsigned)__builtin_clzll(average) : 0;
    struct bit_writer writer = {.out = out};
    uint64_t next = 0; /* the least that may come */
    buf_add_char(out, (char)low);
    for (size_t i = 0; i < numbers->count; i++) {
        uint64_t more = numbers->items[i] - next;
        add_bits(&writer, more & ((UINT64_C(1) << low) - 1), low);
        for (uint64_t high = more >> low; high > 0; high--) {
            add_bits(&writer, 0, 1);
        }
        add_bits(&writer, 1, 1);
        next = numbers->items[i] + 1;
    }
    add_bits(&writer, 0, (8 - writer.count) % 8);
}

static void end_group(struct observable_index_builder *draft)
{
    struct buf *out = &draft->groups;
    sort_group(draft);
    if (draft->paths.count > 0) {
        buf_add_varint(out, draft->paths.count << 1 | draft->has_more);
    }
    for (size_t i = 0; i < draft->paths.count; i++) {
        buf_add_varint(out, draft->paths.items[i] - draft->last_path);
        draft->last_path = draft->paths.items[i];
    }
    if (draft->paths.count > 0 && !draft->has_more) {
        buf_add_varint(out, draft->v4.count);
        buf_add_varint(out, draft->keys.count);
        buf_add_varint(out, draft->v6.count);
        add_numbers(out, &draft->v4);
        add_numbers(out, &draft->keys);
        buf_add(out, draft->v6.items, draft->v6.count * sizeof *draft->v6.items);
        draft->n_entries += entries(draft);
    }
    clear_group(draft);
}

void observable_index_path(struct observable_index_builder *draft, uint32_t path)
{
    CHECK(path >= draft->path);
    if (entries(draft) >= OBSERVABLE_INDEX_GROUP_FULL) {
        sort_group(draft);
    }
    if (draft->has_more || entries(draft) >= OBSERVABLE_INDEX_GROUP_FULL) {
        end_group(draft);
    }
    draft->path = path;
    draft->path_is_used = false;
}

enum status observable_index_encode(struct observable_index_builder *draft, uint32_t first,
                                    uint32_t count, struct buf *out, struct err *err)
{
    size_t begin = out->size;
    end_group(draft);
    bool ok = !draft->failed && buf_ok(&draft->groups);
    buf_add_char(out, OBSERVABLE_INDEX_VERSION);
    buf_add_varint(out, first);
    buf_add_varint(out, count);
    buf_add_span(out, buf_span(&draft->groups));
    observable_index_builder_clear(draft);
    if (!ok || !buf_ok(out)) {
        return err_nomem(err, "observables");
    }
    uint64_t sum = hash64(span_of(out->data + begin, out->size - begin), 0);
    for (unsigned i = 0; i < 4; i++) {
        buf_add_char(out, (char)(sum >> 8 * i));
    }
    return buf_status(out, "observables", err);
}
