#include "tools/stele/sql/sql_guard.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Pragmas that only read. FTS5 asks for data_version by itself. */
static const char *const pragmas[] = {
    "collation_list", "compile_options", "data_version", "database_list", "function_list",
    "module_list",    "pragma_list",     "table_info",   "table_list",    "table_xinfo",
};

static int deny(struct sql_guard *guard, const char *what, const char *name)
{
    (void)snprintf(guard->denied, sizeof guard->denied,
                   "%s%s%.80s is not allowed: stele sql reads, and writes temporary tables only",
                   what, name ? " " : "", name ? name : "");
    return SQLITE_DENY;
}

/* The schema's own tables are written by CREATE and DROP, which are asked for themselves. */
static bool is_temporary(const char *table, const char *database)
{
    return (database && strcmp(database, "temp") == 0) ||
           (table && strcmp(table, "sqlite_temp_master") == 0);
}

static bool never(const char *object, const char *database)
{
    (void)object;
    (void)database;
    return false;
}

static bool is_no_loader(const char *function, const char *database)
{
    (void)database;
    return !function || strcasecmp(function, "load_extension") != 0;
}

static bool is_pragma(const char *name, const char *database)
{
    (void)database;
    for (size_t i = 0; name && i < sizeof pragmas / sizeof pragmas[0]; i++) {
        if (strcasecmp(name, pragmas[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* What SQLite asks for: allowed, or only when `allows` says so of the object. An action that is not
 * here is denied. */
static const struct {
    int action;
    bool is_second; /* the object's name is the second argument */
    bool (*allows)(const char *object, const char *database); /* NULL: always */
    const char *what;                                         /* is denied, in words */
} actions[] = {
    {SQLITE_SELECT, false, NULL, NULL},
    {SQLITE_READ, false, NULL, NULL},
    {SQLITE_RECURSIVE, false, NULL, NULL},
    {SQLITE_TRANSACTION, false, NULL, NULL},
    {SQLITE_SAVEPOINT, false, NULL, NULL},
    {SQLITE_CREATE_TEMP_INDEX, false, NULL, NULL},
    {SQLITE_CREATE_TEMP_TABLE, false, NULL, NULL},
    {SQLITE_CREATE_TEMP_TRIGGER, false, NULL, NULL},
    {SQLITE_CREATE_TEMP_VIEW, false, NULL, NULL},
    {SQLITE_DROP_TEMP_INDEX, false, NULL, NULL},
    {SQLITE_DROP_TEMP_TABLE, false, NULL, NULL},
    {SQLITE_DROP_TEMP_TRIGGER, false, NULL, NULL},
    {SQLITE_DROP_TEMP_VIEW, false, NULL, NULL},
    {SQLITE_FUNCTION, true, is_no_loader, "the function"},
    {SQLITE_PRAGMA, false, is_pragma, "PRAGMA"},
    {SQLITE_INSERT, false, is_temporary, "writing"},
    {SQLITE_UPDATE, false, is_temporary, "writing"},
    {SQLITE_DELETE, false, is_temporary, "writing"},
    {SQLITE_REINDEX, false, is_temporary, "writing"},
    {SQLITE_ALTER_TABLE, true, is_temporary, "altering"},
    {SQLITE_ATTACH, false, never, "ATTACH"},
    {SQLITE_DETACH, false, never, "DETACH"},
};

static int authorize(void *context, int action, const char *first, const char *second,
                     const char *database, const char *trigger)
{
    (void)trigger;
    size_t i = 0;
    while (i < sizeof actions / sizeof actions[0] && actions[i].action != action) {
        i++;
    }
    if (i == sizeof actions / sizeof actions[0]) {
        return deny(context, "this statement", NULL);
    }
    const char *object = actions[i].is_second ? second : first;
    const char *where = action == SQLITE_ALTER_TABLE ? first : database;
    bool allowed = !actions[i].allows || actions[i].allows(object, where);
    bool named = actions[i].allows != never;
    return allowed ? SQLITE_OK : deny(context, actions[i].what, named ? object : NULL);
}

void sql_guard_set(sqlite3 *db, struct sql_guard *guard)
{
    guard->denied[0] = '\0';
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    (void)sqlite3_set_authorizer(db, authorize, guard);
}
