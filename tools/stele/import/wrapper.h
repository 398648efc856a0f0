/* Objects that hold an event, or a list of them, instead of being one: rows of Teleport's databases
 * and what other systems put around an event. What stands inside is given as its bytes; what stands
 * around it is left out. Pure. */
#ifndef TOOLS_STELE_IMPORT_WRAPPER_H
#define TOOLS_STELE_IMPORT_WRAPPER_H

#include "schema/base/arena.h"

enum wrapper {
    WRAPPER_NONE,
    WRAPPER_RAW,        /* _raw: Splunk's exports */
    WRAPPER_RESULT,     /* result: the same, by its REST interface */
    WRAPPER_EVENT_DATA, /* event_data: Teleport's tables in Athena and PostgreSQL */
    WRAPPER_ITEM,       /* Item: DynamoDB's exports */
    WRAPPER_FIELDS,     /* Fields, fields: Teleport's DynamoDB and Firestore */
    WRAPPER_MAP,        /* FieldsMap: the same, in DynamoDB's own types or plain */
    WRAPPER_EVENT,      /* event: Splunk's HEC, Datadog */
    WRAPPER_EVENTS,     /* events: Teleport's web interface */
    WRAPPER_ITEMS,      /* Items: aws dynamodb scan */
    WRAPPER_ORIGINAL,   /* event.original: Elastic Agent, Logstash */
    WRAPPER_SOURCE,     /* _source, hits: Elasticsearch, OpenSearch */
    WRAPPER_ATTRIBUTES, /* attributes: Datadog */
    WRAPPER_PAYLOAD,    /* jsonPayload, textPayload: Google Cloud Logging */
    WRAPPER_MESSAGE,    /* message, MESSAGE, Message, msg: Vector, Logstash, journald, SNS */
    WRAPPER_LOG,        /* log: Docker, Fluent Bit */
    WRAPPER_OTHER,      /* a member of any other name */
    WRAPPER_COUNT,
};

/* "_raw", "Item.Fields.S", ... */
const char *wrapper_name(enum wrapper wrapper);

/* Looks into an object that parses. WRAPPER_NONE: nothing is in it; so, too, for everything with a
 * string `event`, which is an event itself, but for _raw. Else *out_inner is what is inside: an
 * object, a list, or, in the arena, the text of a string (which may turn out to be no event) or the
 * plain form of DynamoDB's typed attributes; an empty list may be empty text. Under names that are
 * not known as wrappers an event must look like one of Teleport (event_inside.h). Sets *out_nomem
 * when memory is out. */
enum wrapper wrapper_open(struct span object, struct arena *arena, struct span *out_inner,
                          bool *out_nomem);

/* The same for a list that is too long to be looked at as a whole: behind the bracket of the list
 * of events that the object at `at` begins with, or 0. Looks at its first bytes only. */
size_t wrapper_list_begin(struct span text, size_t at);

/* Behind the brace that closes the object, from behind the list's closing bracket on. */
size_t wrapper_list_end(struct span text, size_t at);

#endif
