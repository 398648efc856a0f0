/* The tokenizer "stele" for FTS5: terms of schema/event/term.h; with the argument "words" only the
 * finest ones. A text that is indexed holds values divided by the ASCII record separator; a text
 * that is asked for is one term, taken as it is. */
#include "schema/db/db.h"
#include "schema/event/term.h"

static char all_terms; /* tokenizers have no state but which of the two they are */
static char words_only;

static int tokenizer_create(void *context, const char **args, int n_args, Fts5Tokenizer **out)
{
    (void)context;
    bool words = n_args > 0 && strcmp(args[0], "words") == 0;
    *out = (Fts5Tokenizer *)(words ? &words_only : &all_terms);
    return SQLITE_OK;
}

static void tokenizer_delete(Fts5Tokenizer *tokenizer)
{
    (void)tokenizer;
}

struct token_sink {
    bool words_only;
    void *context;
    int (*token)(void *, int, const char *, int, int, int);
};

static int sink_term(void *context, struct span term, enum term_level level, uint32_t first_word,
                     uint32_t last_word)
{
    (void)level;
    const struct token_sink *sink = context;
    if (sink->words_only && first_word != last_word) {
        return SQLITE_OK;
    }
    return sink->token(sink->context, 0, term.data, (int)term.size, 0, 0);
}

static int tokenizer_run(Fts5Tokenizer *tokenizer, void *context, int flags, const char *text,
                         int size, int (*token)(void *, int, const char *, int, int, int))
{
    if (flags & FTS5_TOKENIZE_QUERY) {
        return token(context, 0, text, size, 0, size);
    }
    struct token_sink sink = {.words_only = tokenizer == (Fts5Tokenizer *)&words_only,
                              .context = context,
                              .token = token};
    struct span rest = span_of(text, (size_t)size);
    while (rest.size > 0) {
        const char *end = memchr(rest.data, DB_RECORD_SEPARATOR, rest.size);
        size_t n = end ? (size_t)(end - rest.data) : rest.size;
        int rc = term_split(span_of(rest.data, n), sink_term, &sink);
        if (rc != SQLITE_OK) {
            return rc;
        }
        rest = span_from(rest, n + 1);
    }
    return SQLITE_OK;
}

/* https://www.sqlite.org/fts5.html#extending_fts5: the API comes through a bound pointer. */
enum status db_tokenizer_register(sqlite3 *db, struct err *err)
{
    fts5_api *api = NULL;
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(db, "SELECT fts5(?1)", -1, &stmt, NULL);
    if (rc == SQLITE_OK) {
        (void)sqlite3_bind_pointer(stmt, 1, (void *)&api, "fts5_api_ptr", NULL);
        (void)sqlite3_step(stmt);
    }
    (void)sqlite3_finalize(stmt);
    if (!api) {
        return err_set(err, ERR_CONFIG, "this SQLite has no FTS5");
    }
    fts5_tokenizer tokenizer = {tokenizer_create, tokenizer_delete, tokenizer_run};
    rc = api->xCreateTokenizer(api, "stele", NULL, &tokenizer, NULL);
    return rc == SQLITE_OK ? OK : err_set(err, ERR_NOMEM, "FTS5: %s", sqlite3_errstr(rc));
}
