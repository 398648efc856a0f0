#include "daemon/watch/hit_syslog.h"

#include <string.h>
#include <syslog.h>

static const struct {
    const char *name;
    int number;
} facilities[] = {
    {"authpriv", LOG_AUTHPRIV}, {"auth", LOG_AUTH},     {"daemon", LOG_DAEMON},
    {"user", LOG_USER},         {"local0", LOG_LOCAL0}, {"local1", LOG_LOCAL1},
    {"local2", LOG_LOCAL2},     {"local3", LOG_LOCAL3}, {"local4", LOG_LOCAL4},
    {"local5", LOG_LOCAL5},     {"local6", LOG_LOCAL6}, {"local7", LOG_LOCAL7},
};

void hit_syslog_open(const char *facility)
{
    size_t i = 0;
    while (strcmp(facilities[i].name, facility) != 0) {
        i++;
        CHECK(i < sizeof facilities / sizeof facilities[0]);
    }
    openlog("stele", LOG_PID, facilities[i].number);
}

void hit_syslog_send(const char *line)
{
    syslog(LOG_WARNING, "%s", line);
}
