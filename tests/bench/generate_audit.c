/* Events outside of sessions: log-ins, certificates, access requests, joining machines, changes of
 * users and roles. Each function writes one event's members in the order of their keys. */
#include "tests/bench/generate_world.h"

#include <stdio.h>

#include "tests/bench/word_lists.h"

#define EXPIRY_US INT64_C(28800000000)

static void make_login(struct generator *g)
{
    static const char *const errors[] = {
        "invalid credentials", "user locked out after 5 failed attempts",
        "webauthn: challenge expired", "access denied: device not trusted"};
    static const char *const methods[] = {"saml", "local", "oidc", "github"};
    const struct person *p = world_person(g);
    bool failed = world_once_in(g, 14);
    bool local = world_once_in(g, 3);
    char peer[32];
    struct line *l = &g->line;
    world_peer(g, p, peer);
    line_str(l, "addr.remote", peer);
    if (!local) {
        line_open(l, "attributes");
        line_str(l, "email", p->name);
        line_open_list(l, "groups");
        line_str(l, NULL, p->team);
        line_str(l, NULL, "everyone");
        line_close_list(l);
        line_close(l);
    }
    line_str(l, "cluster_name", clusters[0]);
    line_str(l, "code", local ? (failed ? "T1000W" : "T1000I") : (failed ? "T1001W" : "T1001I"));
    line_int(l, "ei", 0);
    if (failed) {
        line_str(l, "error", PICK(g, errors));
    }
    line_str(l, "event", "user.login");
    if (failed) {
        line_str(l, "message", "log-in failed");
    }
    line_str(l, "method", local ? "local" : PICK(g, methods));
    line_bool(l, "success", !failed);
    line_time(l, "time", g->time_us, 3);
    line_str(l, "uid", g->uid);
    line_str(l, "user", p->name);
    line_str(l, "user_agent", p->agent);
    put_roles(g, "user_roles", p);
}

static void put_traits(struct generator *g, const struct person *p)
{
    struct line *l = &g->line;
    line_open(l, "traits");
    line_open_list(l, "kubernetes_groups");
    line_str(l, NULL, p->team);
    line_close_list(l);
    line_open_list(l, "logins");
    for (int i = 0; i < LOGINS_EACH; i++) {
        line_str(l, NULL, p->logins[i]);
    }
    line_close_list(l);
    line_open_list(l, "teams");
    line_str(l, NULL, p->team);
    line_close_list(l);
    line_close(l);
}

static void make_certificate(struct generator *g)
{
    const struct person *p = world_person(g);
    struct line *l = &g->line;
    line_str(l, "cert_type", "user");
    line_str(l, "cluster_name", clusters[0]);
    put_head(g, "TC000I", 0, "cert.create");
    line_open(l, "identity");
    line_str(l, "client_ip", g->addresses[p->addresses[world_below(g, ADDRESSES_EACH)]]);
    line_time(l, "expires", g->time_us + INT64_C(43200000000), 9);
    line_open_list(l, "logins");
    for (int i = 0; i < LOGINS_EACH; i++) {
        line_str(l, NULL, p->logins[i]);
    }
    line_close_list(l);
    line_str(l, "prev_identity_expires", "0001-01-01T00:00:00Z");
    line_str(l, "private_key_policy", "none");
    put_roles(g, "roles", p);
    line_str(l, "route_to_cluster", PICK(g, clusters));
    line_str(l, "teleport_cluster", clusters[0]);
    put_traits(g, p);
    line_str(l, "user", p->name);
    line_close(l);
    line_time(l, "time", g->time_us, 3);
    line_str(l, "uid", g->uid);
    line_str(l, "user_agent", "grpc-go/1.76.0");
}

static void make_request(struct generator *g)
{
    const struct person *p = world_person(g);
    char *id = g->requests[world_below(g, OPEN_REQUESTS)];
    struct line *l = &g->line;
    world_uuid(g, id);
    line_str(l, "cluster_name", clusters[0]);
    put_head(g, "T5000I", 0, "access_request.create");
    line_time(l, "expires", g->time_us + EXPIRY_US, 9);
    line_str(l, "id", id);
    line_time(l, "max_duration", g->time_us + INT64_C(86400000000), 9);
    world_template(g, "reason", PICK_EVEN(g, reasons));
    put_roles(g, "roles", p);
    line_str(l, "state", "PENDING");
    put_tail(g, p);
}

static void make_review(struct generator *g)
{
    const struct person *p = world_person(g);
    const char *id = g->requests[world_below(g, OPEN_REQUESTS)];
    struct line *l = &g->line;
    bool denied = world_once_in(g, 8);
    line_str(l, "cluster_name", clusters[0]);
    put_head(g, "T5002I", 0, "access_request.review");
    line_str(l, "id", id);
    line_str(l, "proposed_state", denied ? "DENIED" : "APPROVED");
    world_template(g, "reason", denied ? "no open ticket for %w" : PICK_EVEN(g, reasons));
    line_str(l, "reviewer", p->name);
    line_str(l, "state", denied ? "DENIED" : "APPROVED");
    put_tail(g, NULL);
}

static void make_bot_join(struct generator *g)
{
    char repository[NAME_BYTES];
    char id[37];
    struct line *l = &g->line;
    world_uuid(g, id);
    (void)snprintf(repository, sizeof repository, "example/%s", PICK(g, workloads));
    line_open(l, "attributes");
    line_str(l, "actor", world_person(g)->name);
    line_str(l, "ref", "refs/heads/main");
    line_str(l, "repository", repository);
    world_template(g, "run_id", "90%n");
    world_template(g, "sha", "%h%h%h%s%s%s%s");
    line_str(l, "workflow", "deploy");
    line_close(l);
    line_str(l, "bot_instance_id", id);
    line_str(l, "bot_name", PICK(g, workloads));
    line_str(l, "cluster_name", clusters[0]);
    put_head(g, "TJ001I", 0, "bot.join");
    line_str(l, "method", "github");
    line_bool(l, "success", true);
    line_time(l, "time", g->time_us, 3);
    line_str(l, "token_name", "github-deploy");
    line_str(l, "uid", g->uid);
    world_template(g, "user_name", "bot-deploy");
}

static void make_instance_join(struct generator *g)
{
    static const char *const roles[] = {"Node", "Instance", "Kube", "Db", "App"};
    const struct host *h = world_host(g);
    struct line *l = &g->line;
    line_str(l, "cluster_name", clusters[0]);
    put_head(g, "TJ002I", 0, "instance.join");
    line_str(l, "host_id", h->id);
    line_str(l, "method", "iam");
    line_str(l, "node_name", h->name);
    line_str(l, "role", PICK(g, roles));
    line_bool(l, "success", true);
    line_time(l, "time", g->time_us, 3);
    line_str(l, "token_name", "iam-token");
    line_str(l, "uid", g->uid);
}

static void make_exec(struct generator *g)
{
    const struct person *p = world_person(g);
    bool failed = world_once_in(g, 9);
    char peer[32];
    char uuid[37];
    struct line *l = &g->line;
    world_peer(g, p, peer);
    world_uuid(g, uuid);
    line_str(l, "addr.remote", peer);
    line_str(l, "cluster_name", clusters[0]);
    line_str(l, "code", failed ? "T3002E" : "T3002I");
    world_template(g, "command", "/usr/local/bin/%w-check --since %d --id %n");
    line_int(l, "ei", 0);
    line_str(l, "event", "exec");
    line_str(l, "exitCode", failed ? "1" : "0");
    if (failed) {
        line_str(l, "exitError", "exit status 1");
    }
    line_str(l, "login", p->logins[0]);
    line_str(l, "namespace", "default");
    line_str(l, "proto", "ssh");
    put_server(g, world_host(g));
    line_str(l, "sid", uuid);
    put_tail(g, p);
}

static void make_scp(struct generator *g)
{
    const struct person *p = world_person(g);
    bool up = world_once_in(g, 2);
    char peer[32];
    struct line *l = &g->line;
    world_peer(g, p, peer);
    line_str(l, "action", up ? "upload" : "download");
    line_str(l, "addr.remote", peer);
    line_str(l, "cluster_name", clusters[0]);
    line_str(l, "code", up ? "T3005I" : "T3004I");
    world_template(g, "command", up ? "scp -t /srv/%w/in" : "scp -f /srv/%w/%f");
    line_int(l, "ei", 0);
    line_str(l, "event", "scp");
    line_str(l, "exitCode", "0");
    line_str(l, "login", p->logins[0]);
    line_str(l, "namespace", "default");
    world_template(g, "path", PICK_EVEN(g, remote_files));
    put_server(g, world_host(g));
    put_tail(g, p);
}

static void make_auth_failure(struct generator *g)
{
    const struct person *p = world_person(g);
    const struct host *h = world_host(g);
    char peer[32];
    struct line *l = &g->line;
    world_peer(g, p, peer);
    line_str(l, "addr.local", h->address);
    line_str(l, "addr.remote", peer);
    line_str(l, "cluster_name", clusters[0]);
    line_str(l, "code", "T3007W");
    line_int(l, "ei", 0);
    world_template(g, "error",
                   "ssh: principal \"%w\" not in the set of valid principals for given "
                   "certificate: [\"ubuntu\" \"deploy\"]");
    line_str(l, "event", "auth");
    line_bool(l, "success", false);
    put_tail(g, p);
}

static void make_desktop(struct generator *g)
{
    const struct person *p = world_person(g);
    bool start = world_once_in(g, 2);
    char uuid[37];
    struct line *l = &g->line;
    world_uuid(g, uuid);
    line_str(l, "cluster_name", clusters[0]);
    line_str(l, "code", start ? "TDP00I" : "TDP01I");
    world_template(g, "desktop_addr", "%a:3389");
    world_template(g, "desktop_name", "win-%w");
    line_int(l, "ei", 0);
    line_str(l, "event", start ? "windows.desktop.session.start" : "windows.desktop.session.end");
    line_str(l, "proto", "tdp");
    line_str(l, "sid", uuid);
    line_bool(l, "success", true);
    put_tail(g, p);
    line_str(l, "windows_desktop_service", g->hosts[0].id);
    line_str(l, "windows_domain", "corp.example.net");
    line_str(l, "windows_user", "Administrator");
}

/* Kinds that differ in little but their name. */
static void make_change(struct generator *g)
{
    static const char *const kinds[][2] = {
        {"mfa_auth_challenge.create", "T1015I"},
        {"mfa_auth_challenge.validate", "T1016I"},
        {"user.update", "T1003I"},
        {"user.create", "T1002I"},
        {"role.updated", "T9002I"},
        {"role.created", "T9000I"},
        {"join_token.create", "TJT00I"},
        {"user.delete", "T1004I"},
        {"lock.created", "TLK00I"},
        {"mfa.add", "T1006I"},
        {"session.recording.access", "T2012I"},
        {"access_request.update", "T5001I"},
        {"user.password_change", "T1005I"},
        {"auth_preference.update", "TCAUTH001I"},
        {"device.authenticate", "TV006I"},
        {"access_list.member.create", "TAL005I"},
        {"lock.deleted", "TLK01I"},
    };
    const char *const *kind = PICK(g, kinds);
    const struct person *p = world_person(g);
    char peer[32];
    struct line *l = &g->line;
    world_peer(g, p, peer);
    line_str(l, "addr.remote", peer);
    line_str(l, "cluster_name", clusters[0]);
    put_head(g, kind[1], 0, kind[0]);
    line_time(l, "expires", g->time_us + EXPIRY_US, 9);
    world_template(g, "name", "%w-%w");
    put_roles(g, "roles", p);
    line_bool(l, "success", true);
    line_time(l, "time", g->time_us, 3);
    line_str(l, "uid", g->uid);
    line_str(l, "updated_by", p->name);
    line_str(l, "user", p->name);
    line_int(l, "user_kind", 1);
    line_str(l, "user_origin", "1");
}

void make_audit_event(struct generator *g)
{
    static const struct {
        unsigned up_to; /* of 1,000 */
        void (*make)(struct generator *g);
    } kinds[] = {
        {330, make_certificate}, {510, make_login},         {600, make_exec},
        {660, make_scp},         {690, make_auth_failure},  {730, make_desktop},
        {790, make_bot_join},    {850, make_instance_join}, {890, make_request},
        {920, make_review},      {1000, make_change},
    };
    unsigned dice = (unsigned)world_below(g, 1000);
    size_t i = 0;
    while (dice >= kinds[i].up_to) {
        i++;
    }
    kinds[i].make(g);
}
