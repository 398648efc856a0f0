/* Runs a fuzz target over stored inputs: every file of the folders given. For compilers without
 * libFuzzer and for the normal test run. */
#include <dirent.h>
#include <stdio.h>

#include "schema/file/file.h"
#include "tests/fuzz/fuzz_target.h"

enum { INPUT_BYTES_MAX = 16 * 1024 * 1024 };

static int run_file(const char *path)
{
    struct buf bytes = BUF_INIT;
    struct err err = {0};
    if (file_read(path, INPUT_BYTES_MAX, &bytes, &err) != OK) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    /* Said before, so that the file at fault is known when the target aborts. */
    fprintf(stderr, "%s\n", path);
    (void)LLVMFuzzerTestOneInput((const uint8_t *)(bytes.data ? bytes.data : ""), bytes.size);
    buf_fini(&bytes);
    return 0;
}

static int run_folder(const char *folder, int *runs)
{
    DIR *dir = opendir(folder);
    if (!dir) {
        return 0;
    }
    int failures = 0;
    for (const struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        char path[FILE_PATH_BYTES];
        if (entry->d_name[0] == '.') {
            continue;
        }
        CHECK(file_path_format(path, NULL, "%s/%s", folder, entry->d_name) == OK);
        failures += run_file(path);
        (*runs)++;
    }
    (void)closedir(dir);
    return failures;
}

int main(int argc, char **argv)
{
    int failures = 0;
    int runs = 0;
    for (int i = 1; i < argc; i++) {
        failures += run_folder(argv[i], &runs);
    }
    fprintf(stderr, "%d inputs\n", runs);
    return failures || runs == 0;
}
