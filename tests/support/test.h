/* A unit test is a plain program: TEST functions, EXPECT checks, TEST_MAIN at the end. All checks
 * of a program run; an argument picks tests: those whose name contains it, or with "K/N" the K-th
 * of N parts. A test whose name begins with "setup" or "cleanup" is in every part; one that ends
 * with "by_clock" needs a build whose clock can be set, and is in none. */
#ifndef TESTS_SUPPORT_TEST_H
#define TESTS_SUPPORT_TEST_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema/file/file.h"

static int test_failures;

struct test {
    const char *name;
    void (*run)(void);
};

#define TEST(name) static void test_##name(void)
#define TEST_ENTRY(name)                                                                           \
    {                                                                                              \
#name, test_##name                                                                         \
    }

#define EXPECT(cond)                                                                               \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #cond);               \
            test_failures++;                                                                       \
        }                                                                                          \
    } while (0)

#define EXPECT_INT(is, should)                                                                     \
    do {                                                                                           \
        long long is_ = (long long)(is);                                                           \
        long long should_ = (long long)(should);                                                   \
        if (is_ != should_) {                                                                      \
            fprintf(stderr, "%s:%d: %s is %lld, should be %lld\n", __FILE__, __LINE__, #is, is_,   \
                    should_);                                                                      \
            test_failures++;                                                                       \
        }                                                                                          \
    } while (0)

static inline void test_expect_text(const char *file, int line, const char *what, struct span is,
                                    struct span should)
{
    if (!span_equal(is, should)) {
        fprintf(stderr, "%s:%d: %s is \"%.*s\", should be \"%.*s\"\n", file, line, what,
                SPAN_FMT(is), SPAN_FMT(should));
        test_failures++;
    }
}

/* Both NUL-terminated; for spans EXPECT_SPAN. */
#define EXPECT_STR(is, should)                                                                     \
    test_expect_text(__FILE__, __LINE__, #is, span_str(is), span_str(should))
#define EXPECT_SPAN(is, should) test_expect_text(__FILE__, __LINE__, #is, (is), span_str(should))

/* For calls that must work: prints the error's text. */
#define EXPECT_OK(call, err)                                                                       \
    do {                                                                                           \
        if ((call) != OK) {                                                                        \
            fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #call, (err).text);             \
            test_failures++;                                                                       \
        }                                                                                          \
    } while (0)

/* A fresh directory below TMPDIR; the caller removes it with test_dir_remove. */
static inline void test_dir_make(char out[FILE_PATH_BYTES])
{
    const char *base = getenv("TMPDIR");
    (void)snprintf(out, FILE_PATH_BYTES, "%s/stele-test-XXXXXX", base ? base : "/tmp");
    if (!mkdtemp(out)) {
        perror(out);
        exit(1);
    }
}

static inline void test_dir_remove(const char *path)
{
    char command[FILE_PATH_BYTES + 16];
    (void)snprintf(command, sizeof command, "rm -rf '%s'", path);
    if (system(command) != 0) {
        fprintf(stderr, "could not remove %s\n", path);
    }
}

/* How often a random test asks: so often as usual, or so many percent of that as STELE_TEST_ROUNDS
 * says. */
static inline int test_rounds(int usual)
{
    const char *percent = getenv("STELE_TEST_ROUNDS");
    long long rounds = percent ? usual * strtoll(percent, NULL, 10) / 100 : usual;
    return rounds > 0 ? (int)rounds : 1;
}

/* Where the dice of a random test begin: STELE_TEST_SEED asks for others than the usual ones. */
static inline uint64_t test_seed(uint64_t usual)
{
    const char *seed = getenv("STELE_TEST_SEED");
    return seed ? strtoull(seed, NULL, 10) : usual;
}

/* A full run takes every kill point and every fault; a usual one some of them, which are drawn. */
static inline bool test_is_full(void)
{
    const char *full = getenv("STELE_TEST_FULL");
    return full && *full;
}

/* Below `bound`, by STELE_TEST_DRAW; 0 without it. */
static inline uint32_t test_draw(uint32_t bound)
{
    const char *draw = getenv("STELE_TEST_DRAW");
    return draw ? (uint32_t)(strtoull(draw, NULL, 10) % bound) : 0;
}

static inline bool test_is_picked(const char *name, size_t number, const char *pick)
{
    char *rest = NULL;
    if (strncmp(name, "setup", 5) == 0 || strncmp(name, "cleanup", 7) == 0) {
        return true;
    }
    unsigned long part = strtoul(pick, &rest, 10);
    if (*rest != '/') {
        return strstr(name, pick) != NULL;
    }
    if (strstr(name, "by_clock")) {
        return false;
    }
    unsigned long parts = strtoul(rest + 1, NULL, 10);
    return parts > 0 && number % parts == part % parts;
}

static inline int test_main(const struct test *tests, size_t count, int argc, char **argv)
{
    for (size_t i = 0; i < count; i++) {
        if (argc < 2 || test_is_picked(tests[i].name, i, argv[1])) {
            int before = test_failures;
            tests[i].run();
            fprintf(stderr, "%s %s\n", test_failures == before ? "ok  " : "FAIL", tests[i].name);
        }
    }
    return test_failures ? 1 : 0;
}

#define TEST_MAIN(...)                                                                             \
    int main(int argc, char **argv)                                                                \
    {                                                                                              \
        static const struct test tests[] = {__VA_ARGS__};                                          \
        return test_main(tests, sizeof tests / sizeof tests[0], argc, argv);                       \
    }

#endif
