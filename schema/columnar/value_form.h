/* Values that have a shorter form than their spelling: numbers, UUIDs, times, addresses. A value is
 * taken only when the form gives back its one spelling, so that nothing is lost: 1.0, -0, 007 and a
 * UUID in upper case have none. Pure functions, any thread. */
#ifndef SCHEMA_COLUMNAR_VALUE_FORM_H
#define SCHEMA_COLUMNAR_VALUE_FORM_H

#include "schema/base/span.h"

/* Stored in files: never renumber. */
enum value_form_kind {
    VALUE_FORM_NONE = 0,
    VALUE_FORM_INTEGER = 1,  /* 42: up to 15 digits */
    VALUE_FORM_DIGITS = 2,   /* "42": the same in quotes */
    VALUE_FORM_UUID = 3,     /* "6f1c8f3e-...": lower case, version 4 of RFC 9562: 122 bits */
    VALUE_FORM_TIME = 4,     /* "2026-11-02T10:00:00.123Z" (RFC 3339), `fraction` digits */
    VALUE_FORM_IPV4 = 5,     /* "192.0.2.1" */
    VALUE_FORM_ENDPOINT = 6, /* "192.0.2.1:22" */
};

/* Digits behind the second of a time. Go's time.RFC3339Nano leaves zeros at the end away; such
 * times are all of one form. */
enum { VALUE_FORM_FRACTION_MAX = 9, VALUE_FORM_FRACTION_TRIMMED = 10 };

struct value_form {
    enum value_form_kind kind;
    uint8_t fraction; /* of a time: how many digits it has */
};

/* One value in its form. */
struct value_form_bits {
    uint64_t number; /* an integer as two's complement; a time in nanoseconds of 1970, the same; an
                      * address; of a UUID the first 8 bytes */
    uint64_t second; /* a port; of a UUID the last 8 bytes */
};

/* The form that the value has by itself; VALUE_FORM_NONE when it has none. */
struct value_form value_form_of(struct span spelling, struct value_form_bits *out_bits);
/* True when the value has that form. A time without a zero at its end has also the trimmed one. */
bool value_form_read(struct value_form form, struct span spelling,
                     struct value_form_bits *out_bits);

/* Longer than any spelling below. */
enum { VALUE_FORM_SPELLING_MAX = 48 };
/* The spelling, quotes and all; gives its size. Any bits have some spelling, so that damaged ones
 * do no harm. */
size_t value_form_write(struct value_form form, const struct value_form_bits *bits,
                        char out[VALUE_FORM_SPELLING_MAX]);

/* Writes many values of one form; zeroed but for the form to begin with. */
enum { VALUE_FORM_DATE_CHARS = 11 };
struct value_form_writer {
    struct value_form form;
    bool has_date; /* of a time: the day of the last one, spelled */
    int64_t day;
    char date[VALUE_FORM_DATE_CHARS];
};
/* As value_form_write, at `at`, where there must be as much room; gives the place behind it. */
char *value_form_put(struct value_form_writer *writer, const struct value_form_bits *bits,
                     char *at);

/* A UUID's bits without those that every version 4 has: 15 bytes, and two bits of a sixteenth. */
enum { VALUE_FORM_UUID_BYTES = 15 };
uint8_t value_form_uuid_pack(const struct value_form_bits *bits,
                             uint8_t out[VALUE_FORM_UUID_BYTES]);
struct value_form_bits value_form_uuid_unpack(const uint8_t bytes[VALUE_FORM_UUID_BYTES],
                                              uint8_t last);

#endif
