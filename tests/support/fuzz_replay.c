/* fuzz_replay.c - runs a fuzz target over kept inputs: every file of every folder named. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* NOLINTNEXTLINE(readability-identifier-naming): the name that libFuzzer asks for */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static int run_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        return 0;
    }
    uint8_t *bytes = NULL;
    size_t len = 0;
    size_t cap = 0;
    for (;;) {
        if (len == cap) {
            cap = cap == 0 ? 65536 : cap * 2;
            uint8_t *grown = realloc(bytes, cap);
            if (grown == NULL) {
                break;
            }
            bytes = grown;
        }
        const size_t got = fread(bytes + len, 1, cap - len, f);
        if (got == 0) {
            break;
        }
        len += got;
    }
    (void)fclose(f);
    (void)LLVMFuzzerTestOneInput(bytes, len);
    free(bytes);
    return 1;
}

static int run_folder(const char *folder)
{
    DIR *dir = opendir(folder);
    if (dir == NULL) {
        return 0;
    }
    int ran = 0;
    for (const struct dirent *e = NULL; (e = readdir(dir)) != NULL;) { /* NOLINT: one thread */
        if (e->d_name[0] == '.') {
            continue;
        }
        char path[4096];
        const int n = snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        if (n > 0 && (size_t)n < sizeof path) {
            ran += run_file(path);
        }
    }
    (void)closedir(dir);
    return ran;
}

int main(int argc, char **argv)
{
    int ran = 0;
    for (int i = 1; i < argc; i++) {
        ran += run_folder(argv[i]);
    }
    (void)printf("%d kept inputs\n", ran);
    return ran > 0 ? 0 : 1;
}
