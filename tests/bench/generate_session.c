/* Events of running sessions: shells with enhanced recording, databases, Kubernetes and
 * applications. Each function writes one event's members in the order of their keys. */
#include "tests/bench/generate_world.h"

#include <stdio.h>

#include "tests/bench/word_lists.h"

static void put_kube(struct generator *g, const struct session *s)
{
    line_str(&g->line, "kubernetes_cluster", s->kube_cluster);
    line_open_list(&g->line, "kubernetes_groups");
    line_str(&g->line, NULL, s->person->team);
    line_str(&g->line, NULL, "viewers");
    line_close_list(&g->line);
}

static void put_labelled_server(struct generator *g, const struct host *host)
{
    struct line *l = &g->line;
    line_str(l, "server_hostname", host->name);
    line_str(l, "server_id", host->id);
    line_open(l, "server_labels");
    line_str(l, "env", host->env);
    line_str(l, "region", host->region);
    line_str(l, "role", host->role);
    line_close(l);
    line_str(l, "server_version", host->version);
}

static void make_ssh_start(struct generator *g, struct session *s)
{
    struct line *l = &g->line;
    line_str(l, "addr.local", s->host->address);
    line_str(l, "addr.remote", s->peer);
    line_str(l, "cluster_name", clusters[0]);
    put_head(g, "T2000I", 0, "session.start");
    line_open_list(l, "initial_command");
    line_close_list(l);
    if (s->kind == SESSION_KUBE) {
        put_kube(g, s);
    }
    line_str(l, "login", s->login);
    line_str(l, "namespace", "default");
    line_str(l, "private_key_policy", "none");
    line_str(l, "proto", s->kind == SESSION_KUBE ? "kube" : "ssh");
    put_labelled_server(g, s->host);
    line_str(l, "session_recording", "node");
    line_str(l, "sid", s->sid);
    line_str(l, "size", world_once_in(g, 3) ? "80:25" : "212:54");
    put_tail(g, s->person);
}

static void make_ssh_end(struct generator *g, struct session *s)
{
    struct line *l = &g->line;
    line_str(l, "addr.remote", s->peer);
    line_str(l, "cluster_name", clusters[0]);
    line_str(l, "code", "T2004I");
    line_int(l, "ei", s->ei++);
    line_bool(l, "enhanced_recording", true);
    line_str(l, "event", "session.end");
    line_bool(l, "interactive", true);
    line_str(l, "login", s->login);
    line_str(l, "namespace", "default");
    line_open_list(l, "participants");
    line_str(l, NULL, s->person->name);
    line_close_list(l);
    line_str(l, "proto", s->kind == SESSION_KUBE ? "kube" : "ssh");
    put_server(g, s->host);
    line_time(l, "session_start", s->started_us, 9);
    line_time(l, "session_stop", g->time_us, 9);
    line_str(l, "sid", s->sid);
    put_tail(g, s->person);
}

static void make_command(struct generator *g, struct session *s)
{
    struct line *l = &g->line;
    size_t n = sizeof commands / sizeof commands[0];
    const char *const *command = commands[world_skewed(g, n)];
    line_open_list(l, "argv");
    for (const char *at = command[2]; at; at = strchr(at, '|')) {
        at += *at == '|';
        world_template(g, NULL, at);
    }
    line_close_list(l);
    line_int(l, "cgroup_id", s->cgroup);
    line_str(l, "cluster_name", clusters[0]);
    put_head(g, "T4000I", s->ei++, "session.command");
    line_str(l, "login", s->login);
    line_str(l, "namespace", "default");
    line_str(l, "path", command[0]);
    s->pid += 1 + (int64_t)world_below(g, 5);
    line_int(l, "pid", s->pid);
    line_int(l, "ppid", s->pid - 1);
    line_str(l, "program", command[1]);
    line_int(l, "return_code", world_once_in(g, 25) ? -2 : 0);
    put_server(g, s->host);
    line_str(l, "sid", s->sid);
    put_tail(g, s->person);
}

static void make_disk(struct generator *g, struct session *s)
{
    static const int flags[] = {32768, 557056, 524288, 577, 1089};
    struct line *l = &g->line;
    line_int(l, "cgroup_id", s->cgroup);
    line_str(l, "cluster_name", clusters[0]);
    put_head(g, "T4001I", s->ei++, "session.disk");
    line_int(l, "flags", PICK(g, flags));
    line_str(l, "login", s->login);
    line_str(l, "namespace", "default");
    world_template(g, "path", PICK(g, disk_paths));
    line_int(l, "pid", s->pid);
    line_str(l, "program", PICK(g, commands)[1]);
    line_int(l, "return_code", world_once_in(g, 12) ? -13 : (int64_t)world_below(g, 9));
    put_server(g, s->host);
    line_str(l, "sid", s->sid);
    put_tail(g, s->person);
}

static void make_network(struct generator *g, struct session *s)
{
    static const int ports[] = {443, 5432, 80, 53, 22, 6379, 8080, 9092};
    struct line *l = &g->line;
    line_int(l, "action", world_once_in(g, 60));
    line_int(l, "cgroup_id", s->cgroup);
    line_str(l, "cluster_name", clusters[0]);
    line_str(l, "code", "T4002I");
    world_template(g, "dst_addr", "%a");
    line_int(l, "dst_port", PICK(g, ports));
    line_int(l, "ei", s->ei++);
    line_str(l, "event", "session.network");
    line_str(l, "login", s->login);
    line_str(l, "namespace", "default");
    line_int(l, "operation", 0);
    line_int(l, "pid", s->pid);
    line_str(l, "program", PICK(g, commands)[1]);
    put_server(g, s->host);
    line_str(l, "sid", s->sid);
    line_span(l, "src_addr", span_of(s->host->address, strlen(s->host->address) - 5));
    line_time(l, "time", g->time_us, 3);
    line_str(l, "uid", g->uid);
    line_str(l, "user", s->person->name);
    line_int(l, "user_kind", 1);
    put_roles(g, "user_roles", s->person);
    line_int(l, "version", 4);
}

static void make_session_data(struct generator *g, struct session *s)
{
    struct line *l = &g->line;
    line_str(l, "addr.local", s->host->address);
    line_str(l, "addr.remote", s->peer);
    line_str(l, "cluster_name", clusters[0]);
    put_head(g, "T2006I", 2147483646, "session.data");
    line_str(l, "login", s->login);
    line_str(l, "namespace", "default");
    line_int(l, "rx", (int64_t)world_below(g, 2000000));
    put_server(g, s->host);
    line_str(l, "sid", s->sid);
    line_time(l, "time", g->time_us, 3);
    line_int(l, "tx", (int64_t)world_below(g, 200000));
    line_str(l, "uid", g->uid);
    line_str(l, "user", s->person->name);
}

static void make_resize(struct generator *g, struct session *s)
{
    char size[16];
    (void)snprintf(size, sizeof size, "%u:%u", 80 + (unsigned)world_below(g, 140),
                   24 + (unsigned)world_below(g, 50));
    line_str(&g->line, "cluster_name", clusters[0]);
    put_head(g, "T2002I", s->ei++, "resize");
    line_str(&g->line, "login", s->login);
    line_str(&g->line, "namespace", "default");
    put_server(g, s->host);
    line_str(&g->line, "sid", s->sid);
    line_str(&g->line, "size", size);
    put_tail(g, s->person);
}

static void make_sftp(struct generator *g, struct session *s)
{
    static const char *const codes[] = {"TS001I", "TS002I", "TS003I", "TS004I", "TS005I",
                                        "TS007I", "TS010I", "TS011I", "TS016I", "TS001E"};
    size_t which = world_below(g, 10);
    struct line *l = &g->line;
    line_int(l, "action", (int64_t)which + 1);
    line_str(l, "addr.local", s->host->address);
    line_str(l, "addr.remote", s->peer);
    line_str(l, "cluster_name", clusters[0]);
    line_str(l, "code", codes[which]);
    line_int(l, "ei", s->ei++);
    if (which == 9) {
        line_str(l, "error", "open: permission denied");
    }
    line_str(l, "event", "sftp");
    line_str(l, "login", s->login);
    line_str(l, "namespace", "default");
    world_template(g, "path", PICK_EVEN(g, remote_files));
    put_server(g, s->host);
    line_str(l, "sid", s->sid);
    put_tail(g, s->person);
    world_template(g, "working_directory", "/home/deploy");
}

static void put_database(struct generator *g, const struct session *s)
{
    line_str(&g->line, "db_protocol", s->service->protocol);
}

static void put_database_tail(struct generator *g, const struct session *s)
{
    line_str(&g->line, "db_service", s->service->name);
    line_str(&g->line, "db_uri", s->service->uri);
    line_str(&g->line, "db_user", s->login);
}

static void make_query(struct generator *g, struct session *s)
{
    bool failed = world_once_in(g, 40);
    struct line *l = &g->line;
    line_str(l, "cluster_name", clusters[0]);
    line_str(l, "code", failed ? "TDB02W" : "TDB02I");
    line_str(l, "db_name", s->service->database);
    line_str(l, "db_origin", "dynamic");
    put_database(g, s);
    world_template(g, "db_query", PICK(g, queries));
    put_database_tail(g, s);
    line_int(l, "ei", s->ei++);
    if (failed) {
        world_template(g, "error", "ERROR: relation \"%t_%w\" does not exist (SQLSTATE 42P01)");
    }
    line_str(l, "event", failed ? "db.session.query.failed" : "db.session.query");
    line_str(l, "sid", s->sid);
    line_bool(l, "success", !failed);
    put_tail(g, s->person);
}

static void make_database_edge(struct generator *g, struct session *s, bool start)
{
    struct line *l = &g->line;
    line_str(l, "cluster_name", clusters[0]);
    line_str(l, "code", start ? "TDB00I" : "TDB01I");
    line_open(l, "db_labels");
    line_str(l, "env", s->service->env);
    line_str(l, "teleport.dev/origin", "dynamic");
    line_close(l);
    line_str(l, "db_name", s->service->database);
    line_str(l, "db_origin", "dynamic");
    put_database(g, s);
    put_database_tail(g, s);
    line_int(l, "ei", start ? 0 : s->ei++);
    line_str(l, "event", start ? "db.session.start" : "db.session.end");
    line_str(l, "private_key_policy", "none");
    line_str(l, "sid", s->sid);
    line_bool(l, "success", true);
    put_tail(g, s->person);
}

/* Of one object by its name, or of all of its kind in a namespace. */
static void make_kube_request(struct generator *g, struct session *s)
{
    static const char *const named_verbs[] = {"GET", "GET", "PATCH", "DELETE"};
    static const char *const list_verbs[] = {"GET", "WATCH", "POST"};
    static const int answers[] = {200, 200, 201, 404, 403};
    const struct kube_object *object = world_kube_object(g);
    bool apps = strcmp(object->kind, "deployments") == 0;
    bool named = world_once_in(g, 2);
    char path[192];
    struct line *l = &g->line;
    line_str(l, "addr.local", s->host->address);
    line_str(l, "addr.remote", s->peer);
    line_str(l, "cluster_name", clusters[0]);
    put_head(g, "T3009I", s->ei++, "kube.request");
    put_kube(g, s);
    line_str(l, "login", s->login);
    line_str(l, "namespace", "default");
    line_str(l, "proto", "kube");
    (void)snprintf(path, sizeof path, "%s/namespaces/%s/%s%s%s", apps ? "/apis/apps/v1" : "/api/v1",
                   object->space, object->kind, named ? "/" : "", named ? object->name : "");
    line_str(l, "request_path", path);
    line_str(l, "resource_api_group", apps ? "apps/v1" : "core/v1");
    line_str(l, "resource_kind", object->kind);
    if (named) {
        line_str(l, "resource_name", object->name);
    }
    line_str(l, "resource_namespace", object->space);
    line_int(l, "response_code", PICK(g, answers));
    line_str(l, "server_id", s->host->id);
    line_str(l, "sid", s->sid);
    put_tail(g, s->person);
    line_str(l, "verb", named ? PICK(g, named_verbs) : PICK(g, list_verbs));
}

static void put_app(struct generator *g, const struct session *s)
{
    line_str(&g->line, "app_name", s->service->name);
    line_str(&g->line, "app_public_addr", s->service->uri);
}

static void make_app_request(struct generator *g, struct session *s)
{
    static const char *const methods[] = {"GET", "GET", "POST", "PUT", "DELETE"};
    static const int answers[] = {200, 200, 304, 302, 404, 500};
    struct line *l = &g->line;
    line_str(l, "addr.remote", s->peer);
    put_app(g, s);
    line_str(l, "app_uri", "http://127.0.0.1:8080");
    line_str(l, "cluster_name", clusters[0]);
    put_head(g, "T2009I", s->ei++, "app.session.request");
    line_str(l, "method", PICK(g, methods));
    world_template(g, "path", PICK_EVEN(g, request_paths));
    world_template(g, "raw_query", world_once_in(g, 3) ? "page=%n&filter=%w" : "");
    line_str(l, "session_chunk_id", s->sid);
    line_int(l, "status_code", PICK(g, answers));
    put_tail(g, s->person);
}

static void make_app_edge(struct generator *g, struct session *s, bool start)
{
    struct line *l = &g->line;
    line_str(l, "addr.remote", s->peer);
    put_app(g, s);
    line_str(l, "app_uri", "http://127.0.0.1:8080");
    line_str(l, "cluster_name", clusters[0]);
    put_head(g, start ? "T2007I" : "T2011I", 0, start ? "app.session.start" : "app.session.end");
    line_str(l, "namespace", "default");
    put_server(g, s->host);
    line_str(l, "sid", s->sid);
    line_time(l, "time", g->time_us, 3);
    line_str(l, "uid", g->uid);
    line_str(l, "user", s->person->name);
    line_str(l, "user_agent", s->person->agent);
    put_roles(g, "user_roles", s->person);
}

static void make_edge(struct generator *g, struct session *s, bool start)
{
    if (s->kind == SESSION_DB) {
        make_database_edge(g, s, start);
    } else if (s->kind == SESSION_APP) {
        make_app_edge(g, s, start);
    } else if (start) {
        make_ssh_start(g, s);
    } else {
        make_ssh_end(g, s);
    }
}

static void make_shell_event(struct generator *g, struct session *s)
{
    uint64_t dice = world_below(g, 100);
    if (dice < 44) {
        make_command(g, s);
    } else if (dice < 70) {
        make_disk(g, s);
    } else if (dice < 88) {
        make_network(g, s);
    } else if (dice < 93) {
        make_sftp(g, s);
    } else if (dice < 97) {
        make_resize(g, s);
    } else {
        make_session_data(g, s);
    }
}

void make_session_event(struct generator *g, struct session *s)
{
    if (!s->begun) {
        s->begun = true;
        s->ei = 1;
        make_edge(g, s, true);
    } else if (s->events_left-- == 0) {
        make_edge(g, s, false);
        world_session(g, s);
    } else if (s->kind == SESSION_DB) {
        make_query(g, s);
    } else if (s->kind == SESSION_KUBE) {
        make_kube_request(g, s);
    } else if (s->kind == SESSION_APP) {
        make_app_request(g, s);
    } else {
        make_shell_event(g, s);
    }
}
