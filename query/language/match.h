/* What a predicate means, said once: the truth that indexes only make faster.
 *
 *   TERM        one of the value's terms (schema/event/term.h) is the word; or both are numbers,
 *               and equal
 *   PHRASE      the words stand one behind the other among the value's words
 *   PREFIX      one of the value's terms begins with it
 *   SUBSTRING   the value, in lower case, holds it
 *   GLOB        a term of the value, or the value, in lower case, has the pattern's form
 *   RANGE       a number is compared with numbers, a time with times, other text with any text
 *   EXISTS      the field has a value
 *   OBSERVABLE  one of the event's observables (schema/event/observable.h) is it: an address of the
 *               range, the domain or one below it, the URL (without a scheme: of any), the hash
 *   ADDRESS     one of the value's terms is an address of the range
 *   SEVERITY    the field is a code of that severity
 *
 * Without a field every value is looked at, except the reserved fields (stele.source, stele.mark);
 * a TERM also finds an event by its whole uid, as typed or in lower or upper case. UID is the uid
 * as typed. TIME is the event's time, or the arrival that stands in for it. */
#ifndef QUERY_LANGUAGE_MATCH_H
#define QUERY_LANGUAGE_MATCH_H

#include "query/language/ast.h"

/* One value of one field. The field's name is compared when the predicate has one. ALL, TIME,
 * UID and OBSERVABLE are no matter of values: false. Any thread. */
bool match_value(const struct predicate *predicate, struct span path, struct span value);

/* The same for an integer, without making text of it where it can be helped. */
bool match_integer(const struct predicate *predicate, int64_t number);
/* False: no integer can match; nothing need be asked. */
bool match_integer_possible(const struct predicate *predicate);

/* Is it what an OBSERVABLE asks for? */
bool match_observable(const struct predicate *predicate, const struct observable *observable);

/* The field whose values a predicate asks; empty: any. */
struct span match_field(const struct predicate *predicate);
/* One field of an event: any but OBSERVABLE, ALL and TIME, which are false. */
bool match_event_field(const struct predicate *predicate, const struct event_field *field);
/* A predicate on the whole event. Reserved fields count when they are among event->fields. */
bool match_predicate(const struct predicate *predicate, const struct event *event);
/* The query on the whole event. */
bool match_event(const struct node *node, const struct event *event);

bool match_is_reserved(struct span path);

#endif
