/* Vocabulary of the generator of events. */
#ifndef TESTS_BENCH_WORD_LISTS_H
#define TESTS_BENCH_WORD_LISTS_H

static const char *const first_names[] = {
    "amara",  "bjorn", "carla", "dmitri", "elif",  "farid", "greta", "hana",  "ivo",   "jelena",
    "kofi",   "lucia", "marek", "nadia",  "oskar", "priya", "quinn", "rosa",  "samir", "tove",
    "ulrich", "vera",  "wanda", "xavier", "yusuf", "zofia", "anton", "beate", "cesar", "dalia",
};
static const char *const last_names[] = {
    "achterberg", "baptiste", "cardoso", "dubois",   "eriksen",   "ferrara",   "gupta",
    "haddad",     "ivanova",  "jansen",  "kowalski", "lindqvist", "moreau",    "novak",
    "okafor",     "petrov",   "quiroga", "rahimi",   "silva",     "takahashi", "ueda",
    "vogel",      "weber",    "yilmaz",  "zhou",
};
static const char *const teams[] = {"platform", "payments", "search",  "data",     "security",
                                    "mobile",   "support",  "billing", "logistics"};
static const char *const role_names[] = {
    "access",     "platform-prod", "platform-stage", "payments-dev", "payments-prod-ro",
    "db-readers", "db-writers",    "kube-viewer",    "kube-admin",   "auditor",
    "editor",     "requester",     "reviewer",       "data-science", "support-l1",
    "support-l2", "security",      "ci-deploy",      "vendor",       "break-glass",
};
static const char *const logins[] = {"ubuntu", "deploy", "root", "ec2-user", "admin", "postgres"};
static const char *const environments[] = {"prod", "stage", "dev", "lab"};
static const char *const regions[] = {"eu-central-1", "us-east-1", "us-west-2", "ap-south-1"};
static const char *const host_roles[] = {"web",     "api",   "worker", "cache", "queue",
                                         "gateway", "batch", "search", "build", "proxy"};
static const char *const versions[] = {"18.2.1", "18.1.5", "17.7.3", "18.2.0"};
static const char *const clusters[] = {"teleport.example.com", "eu.teleport.example.com",
                                       "lab.teleport.example.com"};
static const char *const kube_clusters[] = {"prod-eu-blue", "prod-us-blue", "stage-eu", "dev-eu"};
static const char *const kube_namespaces[] = {"checkout", "catalog",     "ingress", "monitoring",
                                              "default",  "kube-system", "jobs",    "identity",
                                              "pricing",  "mailer"};
static const char *const workloads[] = {"cart-api",    "price-sync", "ledger",      "notifier",
                                        "thumbnailer", "geo-lookup", "report-cron", "session-store",
                                        "fraud-score", "web-front",  "exporter",    "scheduler"};
static const char *const words[] = {
    "invoice", "customer", "shipment", "refund",   "catalog", "tariff",  "voucher", "warehouse",
    "parcel",  "carrier",  "ticket",   "contract", "ledger",  "payout",  "coupon",  "basket",
    "profile", "consent",  "device",   "gateway",  "latency", "rollout", "replica", "snapshot",
    "quota",   "webhook",  "digest",   "locale",   "courier", "pallet",  "sensor",  "meter",
};
static const char *const tables[] = {"orders",   "order_items",  "customers",   "payments",
                                     "refunds",  "stock_levels", "price_rules", "audit_trail",
                                     "sessions", "shipments"};
static const char *const agents[] = {
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/14%s.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.%s Safari/605.1.15",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:144.%s) Gecko/20100101 Firefox/144.%s",
    "tsh/18.2.%s",
};

/* path, program and arguments; | parts the arguments. */
static const char *const commands[][3] = {
    {"/usr/bin/ls", "ls", "--color=auto|-la|/srv/%w/%w"},
    {"/usr/bin/cat", "cat", "/var/log/%w/%f"},
    {"/usr/bin/grep", "grep", "-rn|%w|/etc/%w"},
    {"/usr/bin/systemctl", "systemctl", "status|%w-%w.service"},
    {"/usr/bin/journalctl", "journalctl", "-u|%w|--since|%d"},
    {"/usr/bin/curl", "curl", "-sS|http://%a:8080/health?probe=%n"},
    {"/usr/bin/sudo", "sudo", "-u|deploy|/opt/%w/bin/%w"},
    {"/usr/bin/vim", "vim", "/etc/%w/%w.conf"},
    {"/usr/bin/tail", "tail", "-n|200|/var/log/%w.log"},
    {"/usr/bin/git", "git", "-C|/srv/%w|checkout|%h"},
    {"/usr/bin/docker", "docker", "exec|-it|%h|sh"},
    {"/usr/bin/ps", "ps", "aux"},
    {"/usr/bin/df", "df", "-h"},
    {"/usr/bin/ssh", "ssh", "-p|22|deploy@%a"},
    {"/usr/bin/psql", "psql", "-h|%a|-c|select count(*) from %t"},
    {"/usr/bin/python3", "python3", "/opt/%w/tools/%f|--id|%n"},
    {"/usr/bin/tar", "tar", "czf|/tmp/%w-%d.tgz|/srv/%w"},
    {"/usr/bin/rsync", "rsync", "-a|/srv/%w/|backup@%a:/mnt/%w/%d/"},
    {"/bin/bash", "bash", "-c|test -f /run/%w.pid"},
    {"/usr/bin/id", "id", "-Gn"},
};
static const char *const disk_paths[] = {
    "/etc/ld.so.cache",
    "/lib/x86_64-linux-gnu/libc.so.6",
    "/etc/passwd",
    "/proc/%n/stat",
    "/var/log/%w/%f",
    "/srv/%w/%w/%f",
    "/etc/%w.conf",
    "/usr/share/%w/%f",
    "/home/deploy/.%w/%f",
    "/proc/meminfo",
    "/tmp/%h",
    "/opt/%w/lib/%w.so",
    "/usr/lib/locale/C.utf8/LC_CTYPE",
};
static const char *const queries[] = {
    "SELECT id, status, total FROM %t WHERE id = %n",
    "SELECT count(*) FROM %t WHERE created_at > '%d' AND status = '%w'",
    "UPDATE %t SET status = '%w', updated_at = now() WHERE id = %n AND owner = '%u'",
    "INSERT INTO %t (ref, kind, note) VALUES ('%u', '%w', '%w %w')",
    "SELECT o.id, c.email FROM %t o JOIN customers c ON c.id = o.customer_id WHERE c.email = '%m' "
    "ORDER BY o.created_at DESC LIMIT 50",
    "BEGIN",
    "COMMIT",
    "SELECT 1",
    "SET application_name = '%w'",
    "DELETE FROM %t WHERE token = '%h' AND expires_at < '%d'",
    "EXPLAIN ANALYZE SELECT \"%w\", sum(amount) FROM %t WHERE region = '%w' GROUP BY 1 HAVING "
    "sum(amount) > %n",
    "{\"find\":\"%t\",\"filter\":{\"ref\":\"%u\"},\"limit\":%n}",
};
static const char *const request_paths[] = {
    "/",
    "/api/v2/%t",
    "/api/v2/%t/%n",
    "/api/v2/%t/%u/history",
    "/static/%w.%h.js",
    "/login/callback",
    "/reports/%w/%d.csv",
    "/graphql",
    "/healthz",
    "/search",
};
static const char *const reasons[] = {
    "Ticket OPS-%n: %w %w looks wrong in production, need to read %t",
    "INC-%n follow-up, checking the %w after the %w rollout of %d",
    "on call, %w %w alert",
    "Quarterly review of %t with %m",
    "rotate the %w credentials on %a, agreed with %m",
};
static const char *const remote_files[] = {"/srv/%w/in/%f", "/home/deploy/%w-%d.csv",
                                           "/var/backups/%w/%f", "/tmp/%h.tmp"};

#endif
