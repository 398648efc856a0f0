#include "schema/event/observable_key.h"

#include "schema/base/hash64.h"
#include "schema/event/term.h"

static uint64_t key_of(enum observable_kind kind, struct span text)
{
    return hash64(text, (uint64_t)kind + 1) >> (64 - OBSERVABLE_KEY_BITS);
}

uint64_t observable_key_of_address(const unsigned char address[OBSERVABLE_KEY_ADDRESS_BYTES])
{
    return key_of(OBSERVABLE_IP, span_of(address, OBSERVABLE_KEY_ADDRESS_BYTES));
}

uint64_t observable_key(enum observable_kind kind, struct span normal)
{
    unsigned char address[OBSERVABLE_KEY_ADDRESS_BYTES];
    if (kind == OBSERVABLE_IP && term_address_bytes(normal, address)) {
        return observable_key_of_address(address);
    }
    return key_of(kind, kind == OBSERVABLE_URL ? observable_url_bare(normal) : normal);
}

struct span observable_key_file_name(struct span file)
{
    size_t at = file.size;
    while (at > 0 && file.data[at - 1] != '/' && file.data[at - 1] != '\\') {
        at--;
    }
    return span_from(file, at);
}

void observable_key_all(enum observable_kind kind, struct span normal, observable_key_each *each,
                        void *context)
{
    each(context, observable_key(kind, normal));
    if (kind == OBSERVABLE_FILE) {
        struct span name = observable_key_file_name(normal);
        if (name.size > 0 && name.size < normal.size) {
            each(context, key_of(kind, name));
        }
    }
    if (kind == OBSERVABLE_AGENT) {
        each(context, key_of(kind, span_of("", 0)));
    }
    while (kind == OBSERVABLE_DOMAIN) {
        const char *dot = normal.size ? memchr(normal.data, '.', normal.size) : NULL;
        normal = dot ? span_from(normal, (size_t)(dot + 1 - normal.data)) : normal;
        if (!dot) {
            return;
        }
        each(context, key_of(kind, normal));
    }
}
