/* stele-load: posts events to a receiver as the event handler does, and measures the answers. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "schema/base/clock.h"
#include "schema/file/file.h"
#include "tests/bench/generate.h"
#include "tests/bench/load_client.h"

static const char usage[] =
    "usage: stele-load --url https://127.0.0.1:8888/events.log --ca F --cert F --key F\n"
    "  --generate N       make up N events (--seed S); or\n"
    "  --events FILE      post the lines of FILE, each once\n"
    "  --connections C    1\n"
    "  --together         report how long the connections, which all come at once, took until\n"
    "                     their first answer: connect, handshake and exchange\n"
    "  --seconds S        take no new event after S seconds\n"
    "  --timeout S        30: for one exchange, then close and repeat\n"
    "  --backoff-ms N     20: first pause after a failure, doubled each time\n"
    "  --give-up S        60: end when nothing is acknowledged for so long; 0: never\n"
    "  --acked FILE       append the uid of every acknowledged event\n"
    "  --tls12            TLS 1.2 at most\n"
    "  --json             report as JSON\n";

static _Noreturn void wrong(const char *what, const char *value)
{
    fprintf(stderr, "stele-load: %s: \"%s\" is not taken\n%s", what, value, usage);
    exit(2);
}

static int64_t number(const char *what, const char *text)
{
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno || end == text || *end || value < 0 || value > INT64_C(1000000000000)) {
        wrong(what, text);
    }
    return value;
}

/* Where the events come from: a generator or the lines of a file held in memory. What is generated
 * is made before the clock starts, as far as memory for it goes: the client shares its cores with
 * the receiver, which is what is to be measured. */
struct events {
    int64_t left;
    struct generator *generator;
    struct buf made; /* events, each behind its struct made */
    size_t made_at;
    struct span lines;
    uint64_t seed;
    const char *file;
};

enum { MADE_BYTES_MAX = 128 * 1024 * 1024 };

struct made {
    size_t event_size;
    size_t uid_size;
};

static void make_events(struct events *events)
{
    while (events->left > 0 && events->made.size < MADE_BYTES_MAX) {
        struct span uid;
        struct span event = generator_next(events->generator, &uid);
        struct made made = {.event_size = event.size, .uid_size = uid.size};
        buf_add(&events->made, &made, sizeof made);
        buf_add_span(&events->made, event);
        buf_add_span(&events->made, uid);
        events->left--;
    }
    CHECK(buf_ok(&events->made));
}

static bool next_generated(void *context, struct span *out_event, struct span *out_uid)
{
    struct events *events = context;
    if (events->made_at < events->made.size) {
        const char *at = events->made.data + events->made_at;
        struct made made;
        memcpy(&made, at, sizeof made);
        *out_event = span_of(at + sizeof made, made.event_size);
        *out_uid = span_of(at + sizeof made + made.event_size, made.uid_size);
        events->made_at += sizeof made + made.event_size + made.uid_size;
        return true;
    }
    if (events->left == 0) {
        return false;
    }
    events->left--;
    *out_event = generator_next(events->generator, out_uid);
    return true;
}

static bool next_line(void *context, struct span *out_event, struct span *out_uid)
{
    static const char key[] = "\"uid\":\"";
    struct events *events = context;
    if (events->lines.size == 0) {
        return false;
    }
    const char *newline = memchr(events->lines.data, '\n', events->lines.size);
    size_t size = newline ? (size_t)(newline - events->lines.data) : events->lines.size;
    struct span line = span_of(events->lines.data, size);
    events->lines = span_from(events->lines, size + 1);
    *out_event = line;
    *out_uid = span_of("-", 1);
    const char *uid = memmem(line.data, line.size, key, sizeof key - 1);
    if (uid) {
        struct span rest = span_from(line, (size_t)(uid - line.data) + sizeof key - 1);
        const char *quote = memchr(rest.data, '"', rest.size);
        if (quote && quote - rest.data < 128) {
            *out_uid = span_of(rest.data, (size_t)(quote - rest.data));
        }
    }
    return true;
}

static void read_url(const char *url, struct load_options *o)
{
    const char *at = url;
    struct stream_setup *s = &o->setup;
    s->tls = strncmp(url, "https://", 8) == 0;
    if (!s->tls && strncmp(url, "http://", 7) != 0) {
        wrong("--url", url);
    }
    at += s->tls ? 8 : 7;
    size_t host = strcspn(at, ":/");
    size_t port = at[host] == ':' ? strcspn(at + host + 1, "/") : 0;
    if (host == 0 || host >= sizeof s->host || port == 0 || port >= sizeof s->port ||
        strlen(at) >= sizeof o->path) {
        wrong("--url (https://host:port/path)", url);
    }
    (void)snprintf(s->host, sizeof s->host, "%.*s", (int)host, at);
    (void)snprintf(s->port, sizeof s->port, "%.*s", (int)port, at + host + 1);
    at += host + 1 + port;
    (void)snprintf(o->path, sizeof o->path, "%s", *at ? at : "/");
}

static void open_acked(const char *path, struct load_options *o)
{
    o->acked_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (o->acked_fd < 0) {
        wrong("--acked", path);
    }
}

enum { OPT_JSON = 'J', OPT_TOGETHER = 'O' };

static bool json_wanted;
static bool together_wanted;

static void read_option(int option, const char *value, struct load_options *o,
                        struct events *events)
{
    switch (option) {
    case 'u':
        read_url(value, o);
        break;
    case 'a':
        o->setup.ca = value;
        break;
    case 'c':
        o->setup.certificate = value;
        break;
    case 'k':
        o->setup.key = value;
        break;
    case 'n':
        o->connections = (unsigned)number("--connections", value);
        break;
    case 's':
        o->seconds_us = number("--seconds", value) * CLOCK_SECOND_US;
        break;
    case 't':
        o->timeout_us = number("--timeout", value) * CLOCK_SECOND_US;
        break;
    case 'b':
        o->backoff_us = number("--backoff-ms", value) * 1000;
        break;
    case 'g':
        o->give_up_us = number("--give-up", value) * CLOCK_SECOND_US;
        break;
    case 'A':
        open_acked(value, o);
        break;
    case 'G':
        events->left = number("--generate", value);
        break;
    case 'S':
        events->seed = (uint64_t)number("--seed", value);
        break;
    case 'E':
        events->file = value;
        break;
    case 'T':
        o->setup.tls12 = true;
        break;
    case OPT_TOGETHER:
        together_wanted = true;
        break;
    case OPT_JSON:
        json_wanted = true;
        break;
    default:
        fputs(usage, option == 'h' ? stdout : stderr);
        exit(option == 'h' ? 0 : 2);
    }
}

static void read_options(int argc, char **argv, struct load_options *o, struct events *events)
{
    static const struct option options[] = {
        {"url", required_argument, NULL, 'u'},
        {"ca", required_argument, NULL, 'a'},
        {"cert", required_argument, NULL, 'c'},
        {"key", required_argument, NULL, 'k'},
        {"connections", required_argument, NULL, 'n'},
        {"seconds", required_argument, NULL, 's'},
        {"timeout", required_argument, NULL, 't'},
        {"backoff-ms", required_argument, NULL, 'b'},
        {"give-up", required_argument, NULL, 'g'},
        {"acked", required_argument, NULL, 'A'},
        {"generate", required_argument, NULL, 'G'},
        {"seed", required_argument, NULL, 'S'},
        {"events", required_argument, NULL, 'E'},
        {"tls12", no_argument, NULL, 'T'},
        {"together", no_argument, NULL, OPT_TOGETHER},
        {"json", no_argument, NULL, OPT_JSON},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        read_option(option, optarg, o, events);
    }
    if (optind < argc) {
        wrong("argument", argv[optind]);
    }
    if (!o->path[0] || o->connections < 1 || o->connections > REPORT_CONNECTIONS_MAX ||
        !o->setup.certificate != !o->setup.key || (!events->file && events->left == 0)) {
        fprintf(stderr,
                "stele-load: --url, events and 1 to 10000 connections are needed; "
                "--cert and --key go together\n%s",
                usage);
        exit(2);
    }
}

int main(int argc, char **argv)
{
    struct load_options o = {.connections = 1,
                             .timeout_us = 30 * CLOCK_SECOND_US,
                             .backoff_us = 20000,
                             .give_up_us = 60 * CLOCK_SECOND_US,
                             .acked_fd = -1,
                             .next = next_generated};
    struct events events = {.seed = 1};
    struct buf file = BUF_INIT;
    struct err err = {0};
    read_options(argc, argv, &o, &events);
    o.context = &events;
    if (events.file) {
        if (file_read(events.file, (size_t)4 << 30, &file, &err) != OK) {
            fprintf(stderr, "stele-load: %s\n", err.text);
            return status_exit_code(err.status);
        }
        events.lines = buf_span(&file);
        o.next = next_line;
    } else {
        struct generate_options g = {.seed = events.seed,
                                     .start_us = clock_now_us() - INT64_C(3600) * CLOCK_SECOND_US,
                                     .span_us = INT64_C(3600) * CLOCK_SECOND_US,
                                     .events = events.left,
                                     .late = 0.03};
        events.generator = generator_new(&g);
        CHECK(events.generator);
        make_events(&events);
    }
    (void)signal(SIGPIPE, SIG_IGN);
    static struct load_report report;
    enum status status = load_run(&o, &report, &err);
    report.tells_first = together_wanted;
    (json_wanted ? report_json : report_text)(&report, o.connections, stdout);
    if (status != OK) {
        fprintf(stderr, "stele-load: %s\n", err.text);
    }
    generator_free(events.generator);
    buf_fini(&events.made);
    buf_fini(&file);
    return status == OK ? 0 : 3;
}
