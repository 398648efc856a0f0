/* Everything here is drawn from one splitmix64 stream, so that the same seed makes the same
 * company on every machine. */
#include "tests/bench/generate_world.h"

#include <stdio.h>

#include "tests/bench/word_lists.h"

uint64_t world_random(struct generator *g)
{
    uint64_t z = g->random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint64_t world_below(struct generator *g, uint64_t below)
{
    CHECK(below > 0 && below <= UINT32_MAX);
    return ((world_random(g) >> 32) * below) >> 32;
}

bool world_once_in(struct generator *g, uint64_t n)
{
    return world_below(g, n) == 0;
}

/* The table is made for PEOPLE ranks; smaller ranges fold into it. */
size_t world_skewed(struct generator *g, size_t below)
{
    return g->skew[world_below(g, SKEW_SLOTS)] % below;
}

void world_uuid(struct generator *g, char out[37])
{
    static const char hex[] = "0123456789abcdef";
    uint64_t halves[2] = {world_random(g), world_random(g)};
    halves[0] = (halves[0] & ~UINT64_C(0xf000)) | 0x4000;
    halves[1] = (halves[1] & ~(UINT64_C(3) << 62)) | UINT64_C(2) << 62;
    size_t at = 0;
    for (int i = 0; i < 32; i++) {
        if (i == 8 || i == 12 || i == 16 || i == 20) {
            out[at++] = '-';
        }
        out[at++] = hex[halves[i / 16] >> (60 - 4 * (i % 16)) & 15];
    }
    out[at] = '\0';
}

const struct person *world_person(struct generator *g)
{
    return &g->people[world_skewed(g, PEOPLE)];
}

const struct host *world_host(struct generator *g)
{
    return &g->hosts[world_skewed(g, HOSTS)];
}

void world_peer(struct generator *g, const struct person *person, char out[32])
{
    uint64_t place = world_below(g, 40);
    size_t address =
        place < ADDRESSES_EACH * 13 ? person->addresses[place / 13] : world_below(g, ADDRESSES);
    (void)snprintf(out, 32, "%s:%u", g->addresses[address],
                   32768 + (unsigned)world_below(g, 28232));
}

static void make_skew(struct generator *g)
{
    double sum = 0;
    for (int rank = 0; rank < PEOPLE; rank++) {
        sum += 1.0 / (rank + 2);
    }
    double reached = 0;
    size_t at = 0;
    for (uint16_t rank = 0; rank < PEOPLE; rank++) {
        reached += 1.0 / (rank + 2) / sum;
        while (at < SKEW_SLOTS && (double)at < reached * SKEW_SLOTS) {
            g->skew[at++] = rank;
        }
    }
    while (at < SKEW_SLOTS) {
        g->skew[at++] = PEOPLE - 1;
    }
}

/* 198.18.0.0/15 is set aside for benchmarks. */
static void make_addresses(struct generator *g)
{
    for (int i = 0; i < ADDRESSES; i++) {
        uint64_t bits = world_random(g);
        (void)snprintf(g->addresses[i], sizeof g->addresses[i], "198.%d.%d.%d",
                       18 + (int)(bits & 1), (int)(bits >> 8 & 255), (int)(bits >> 16 & 255));
    }
}

static void make_people(struct generator *g)
{
    const size_t n_first = sizeof first_names / sizeof first_names[0];
    for (size_t i = 0; i < PEOPLE; i++) {
        struct person *p = &g->people[i];
        bool bot = i % 15 == 7;
        (void)snprintf(p->name, sizeof p->name, bot ? "bot-%s-%s" : "%s.%s@example.com",
                       bot ? workloads[i % 12] : first_names[i % n_first],
                       bot ? environments[i % 4] : last_names[(i * 7 + i / n_first) % 25]);
        p->team = teams[world_below(g, sizeof teams / sizeof teams[0])];
        for (int r = 0; r < ROLES_EACH; r++) {
            p->roles[r] = PICK_EVEN(g, role_names);
        }
        for (int l = 0; l < LOGINS_EACH; l++) {
            p->logins[l] = PICK_EVEN(g, logins);
        }
        for (int a = 0; a < ADDRESSES_EACH; a++) {
            p->addresses[a] = (uint16_t)world_below(g, ADDRESSES);
        }
        world_uuid(g, p->device);
        g->line.size = 0;
        world_template(g, NULL, PICK_EVEN(g, agents));
        (void)snprintf(p->agent, sizeof p->agent, "%.*s", (int)g->line.size - 2, g->line.text + 1);
    }
}

static void make_hosts(struct generator *g)
{
    for (size_t i = 0; i < HOSTS; i++) {
        struct host *h = &g->hosts[i];
        h->env = PICK(g, environments);
        h->role = PICK_EVEN(g, host_roles);
        h->region = PICK_EVEN(g, regions);
        h->version = PICK_EVEN(g, versions);
        world_uuid(g, h->id);
        (void)snprintf(h->name, sizeof h->name, "%s-%s-%03zu", h->role, h->env, i);
        (void)snprintf(h->address, sizeof h->address, "10.%d.%d.%d:3022", (int)world_below(g, 8),
                       (int)world_below(g, 32), (int)world_below(g, 250));
    }
}

static void make_services(struct generator *g)
{
    static const char *const engines[][2] = {
        {"postgres", "5432"}, {"mysql", "3306"}, {"mongodb", "27017"}, {"redis", "6379"}};
    for (size_t i = 0; i < SERVICES; i++) {
        struct service *db = &g->databases[i];
        struct service *app = &g->apps[i];
        const char *const *engine = engines[i < 14 ? 0 : i % 4];
        db->protocol = engine[0];
        db->env = app->env = environments[i % 4];
        db->database = PICK_EVEN(g, words);
        (void)snprintf(db->name, sizeof db->name, "%s-%s-%s", words[i], db->protocol, db->env);
        (void)snprintf(db->uri, sizeof db->uri, "%s-%s-%s.%s.internal.example.com:%s", words[i],
                       db->protocol, db->env, regions[i % 4], engine[1]);
        app->protocol = "http";
        (void)snprintf(app->name, sizeof app->name, "%s-%s", workloads[i % 12], app->env);
        (void)snprintf(app->uri, sizeof app->uri, "%s-%s.apps.example.com", workloads[i % 12],
                       app->env);
    }
}

static void make_kube_object(struct generator *g, struct kube_object *object)
{
    static const char *const kinds[] = {"pods",     "pods",       "pods",    "pods",
                                        "services", "configmaps", "secrets", "deployments"};
    char uuid[37];
    const char *workload = PICK(g, workloads);
    object->kind = PICK_EVEN(g, kinds);
    object->space = PICK(g, kube_namespaces);
    world_uuid(g, uuid);
    if (strcmp(object->kind, "pods") == 0) {
        (void)snprintf(object->name, sizeof object->name, "%s-%.8s-%.5s", workload, uuid,
                       uuid + 24);
    } else {
        (void)snprintf(object->name, sizeof object->name, "%s-%s", workload, PICK_EVEN(g, words));
    }
}

const struct kube_object *world_kube_object(struct generator *g)
{
    size_t rank = world_skewed(g, PEOPLE) * (KUBE_OBJECTS / PEOPLE);
    struct kube_object *object = &g->kube_objects[rank + world_below(g, KUBE_OBJECTS / PEOPLE)];
    if (world_once_in(g, 400)) {
        make_kube_object(g, object);
    }
    return object;
}

void world_make(struct generator *g)
{
    make_skew(g);
    make_addresses(g);
    make_people(g);
    make_hosts(g);
    make_services(g);
    for (int i = 0; i < KUBE_OBJECTS; i++) {
        make_kube_object(g, &g->kube_objects[i]);
    }
    for (int i = 0; i < OPEN_REQUESTS; i++) {
        world_uuid(g, g->requests[i]);
    }
    for (int i = 0; i < SESSIONS; i++) {
        world_session(g, &g->sessions[i]);
    }
}

void world_session(struct generator *g, struct session *session)
{
    static const enum session_kind kinds[] = {SESSION_SSH, SESSION_SSH, SESSION_SSH,  SESSION_SSH,
                                              SESSION_DB,  SESSION_DB,  SESSION_KUBE, SESSION_APP};
    struct session *s = session;
    *s = (struct session){.kind = PICK_EVEN(g, kinds), .person = world_person(g)};
    s->host = world_host(g);
    s->service = s->kind == SESSION_DB ? &g->databases[world_skewed(g, SERVICES)]
                                       : &g->apps[world_skewed(g, SERVICES)];
    s->login = s->person->logins[world_below(g, LOGINS_EACH)];
    s->kube_cluster = PICK(g, kube_clusters);
    world_uuid(g, s->sid);
    world_peer(g, s->person, s->peer);
    s->started_us = g->now_us;
    s->cgroup = INT64_C(4294967296) + (int64_t)world_below(g, 100000);
    s->pid = 2000 + (int64_t)world_below(g, 60000);
    s->events_left = 4 + (int)world_below(g, 70);
}

static void add_random(struct generator *g, char what, char *out, size_t size)
{
    char uuid[37];
    switch (what) {
    case 'n':
        (void)snprintf(out, size, "%u", (unsigned)(world_random(g) % 1000000));
        break;
    case 's':
        (void)snprintf(out, size, "%u", (unsigned)world_below(g, 10));
        break;
    case 'u':
        world_uuid(g, out);
        break;
    case 'h':
        world_uuid(g, uuid);
        (void)snprintf(out, size, "%.8s%.4s", uuid, uuid + 24);
        break;
    case 'd':
        (void)snprintf(out, size, "2026-%02u-%02u", 1 + (unsigned)world_below(g, 11),
                       1 + (unsigned)world_below(g, 28));
        break;
    case 'a':
        (void)snprintf(out, size, "%s", g->addresses[world_below(g, ADDRESSES)]);
        break;
    case 'm':
        (void)snprintf(out, size, "%s", g->people[world_below(g, PEOPLE)].name);
        break;
    case 'f':
        (void)snprintf(out, size, "%s-%u.%s", PICK_EVEN(g, words), (unsigned)world_below(g, 400),
                       world_once_in(g, 2) ? "log" : "json");
        break;
    case 't':
        (void)snprintf(out, size, "%s", PICK(g, tables));
        break;
    default:
        (void)snprintf(out, size, "%s", PICK_EVEN(g, words));
        break;
    }
}

void world_template(struct generator *g, const char *key, const char *template)
{
    char text[1024];
    size_t size = 0;
    for (const char *at = template; *at && *at != '|' && size + 128 < sizeof text; at++) {
        if (*at == '%' && at[1]) {
            at++;
            add_random(g, *at, text + size, 128);
            size += strlen(text + size);
        } else {
            text[size++] = *at;
        }
    }
    line_span(&g->line, key, span_of(text, size));
}

void put_head(struct generator *g, const char *code, int64_t ei, const char *event)
{
    line_str(&g->line, "code", code);
    line_int(&g->line, "ei", ei);
    line_str(&g->line, "event", event);
}

void put_server(struct generator *g, const struct host *host)
{
    line_str(&g->line, "server_hostname", host->name);
    line_str(&g->line, "server_id", host->id);
}

void put_roles(struct generator *g, const char *key, const struct person *person)
{
    line_open_list(&g->line, key);
    for (int i = 0; i < ROLES_EACH; i++) {
        line_str(&g->line, NULL, person->roles[i]);
    }
    line_close_list(&g->line);
}

void put_tail(struct generator *g, const struct person *person)
{
    line_time(&g->line, "time", g->time_us, 3);
    line_str(&g->line, "uid", g->uid);
    if (person) {
        line_str(&g->line, "user", person->name);
        line_int(&g->line, "user_kind", person->name[3] == '-' ? 2 : 1);
        put_roles(g, "user_roles", person);
    }
}
