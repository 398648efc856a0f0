/* The made-up company behind the generator: its people, hosts and running sessions, the source of
 * randomness, and the pieces that events share. Internal to generate*.c. */
#ifndef TESTS_BENCH_GENERATE_WORLD_H
#define TESTS_BENCH_GENERATE_WORLD_H

#include "tests/bench/generate.h"
#include "tests/bench/json_line.h"

enum {
    PEOPLE = 300,
    HOSTS = 200,
    ADDRESSES = 3000,
    SESSIONS = 96,
    SERVICES = 24, /* of databases, of applications */
    KUBE_OBJECTS = 1200,
    OPEN_REQUESTS = 64,
    SKEW_SLOTS = 8192,
    NAME_BYTES = 64,
    ROLES_EACH = 2,
    LOGINS_EACH = 2,
    ADDRESSES_EACH = 3,
};

struct person {
    char name[NAME_BYTES];
    const char *roles[ROLES_EACH];
    const char *logins[LOGINS_EACH];
    const char *team;
    char agent[200];
    uint16_t addresses[ADDRESSES_EACH];
    char device[37];
};

struct host {
    char name[NAME_BYTES];
    char id[37];
    char address[24];
    const char *env;
    const char *role;
    const char *region;
    const char *version;
};

/* A database or an application. */
struct service {
    char name[NAME_BYTES];
    char uri[128];
    const char *protocol;
    const char *env;
    const char *database;
};

/* What a Kubernetes request may name. Pods come and go. */
struct kube_object {
    const char *kind;
    const char *space;
    char name[NAME_BYTES];
};

enum session_kind { SESSION_SSH, SESSION_DB, SESSION_KUBE, SESSION_APP, SESSION_KINDS };

struct session {
    enum session_kind kind;
    const struct person *person;
    const struct host *host;
    const struct service *service;
    const char *login;
    const char *kube_cluster;
    char sid[37];
    char peer[32];
    int64_t started_us;
    int64_t ei;
    int64_t cgroup;
    int64_t pid;
    int events_left;
    bool begun;
};

struct generator {
    struct generate_options options;
    uint64_t random;
    int64_t now_us;  /* moves on with each event */
    int64_t time_us; /* of the event being made */
    int64_t step_us;
    struct person people[PEOPLE];
    struct host hosts[HOSTS];
    char addresses[ADDRESSES][16];
    struct service databases[SERVICES];
    struct service apps[SERVICES];
    struct kube_object kube_objects[KUBE_OBJECTS];
    char requests[OPEN_REQUESTS][37]; /* access requests that reviews are about */
    struct session sessions[SESSIONS];
    uint16_t skew[SKEW_SLOTS]; /* ranks, the low ones often */
    char uid[37];
    struct line line;
};

uint64_t world_random(struct generator *g);
/* 0 to below - 1. */
uint64_t world_below(struct generator *g, uint64_t below);
/* True once in n. */
bool world_once_in(struct generator *g, uint64_t n);
/* A rank below `below`, low ones far more often (as 1/rank). */
size_t world_skewed(struct generator *g, size_t below);
void world_uuid(struct generator *g, char out[37]);
const struct person *world_person(struct generator *g);
const struct host *world_host(struct generator *g);
/* One of KUBE_OBJECTS; now and then a new one has taken its place. */
const struct kube_object *world_kube_object(struct generator *g);
/* address:port of one of the person's places. */
void world_peer(struct generator *g, const struct person *person, char out[32]);
/* Fills people, hosts, addresses and services from options.seed. */
void world_make(struct generator *g);
/* Begins a new session in this place of the table. */
void world_session(struct generator *g, struct session *session);

#define PICK(g, list)      ((list)[world_skewed((g), sizeof(list) / sizeof((list)[0]))])
#define PICK_EVEN(g, list) ((list)[world_below((g), sizeof(list) / sizeof((list)[0]))])

/* Writes the template as a string member: %n number, %s digit, %w word, %t table, %u UUID, %d day,
 * %h hex, %a address, %m e-mail, %f file; anything else stands for itself. */
void world_template(struct generator *g, const char *key, const char *template);

/* An event of a session, and one that belongs to none. */
void make_session_event(struct generator *g, struct session *session);
void make_audit_event(struct generator *g);

/* The parts in the middle and at the end of most events, in order of their keys. */
void put_head(struct generator *g, const char *code, int64_t ei, const char *event);
void put_server(struct generator *g, const struct host *host);
void put_tail(struct generator *g, const struct person *person);
void put_roles(struct generator *g, const char *key, const struct person *person);

#endif
