#include "load/cpu.h"

#include "base/clock.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PATH_BYTES = 320, LINE_BYTES = 256, KIB = 1024 };

static void close_file(FILE **f)
{
    if (*f != NULL) {
        (void)fclose(*f);
    }
}

static void close_directory(DIR **d)
{
    if (*d != NULL) {
        (void)closedir(*d);
    }
}

/* A thread may end between the list and the look: it counts as nothing. */
static int64_t of_thread(int64_t pid, const char *tid)
{
    char path[PATH_BYTES];
    char line[LINE_BYTES] = "";
    (void)snprintf(path, sizeof path, "/proc/%lld/task/%s/schedstat", (long long)pid, tid);
    CLEANUP(close_file) FILE *f = fopen(path, "re");
    if (f == NULL || fgets(line, sizeof line, f) == NULL) {
        return 0;
    }
    return strtoll(line, NULL, 10);
}

err_t cpu_of_process(int64_t pid, int64_t *ns)
{
    char path[PATH_BYTES];
    int64_t sum = 0;
    (void)snprintf(path, sizeof path, "/proc/%lld/task", (long long)pid);
    CLEANUP(close_directory) DIR *d = opendir(path);
    if (d == NULL) {
        return err_new(ERR_IO);
    }
    for (const struct dirent *e = readdir(d); e != NULL; e = readdir(d)) { /* NOLINT: own stream */
        sum += e->d_name[0] == '.' ? 0 : of_thread(pid, e->d_name);
    }
    *ns = sum;
    return ERR_OK;
}

err_t memory_of_process(int64_t pid, int64_t *bytes)
{
    static const char name[] = "RssAnon:";
    char path[PATH_BYTES];
    char line[LINE_BYTES];
    (void)snprintf(path, sizeof path, "/proc/%lld/status", (long long)pid);
    CLEANUP(close_file) FILE *f = fopen(path, "re");
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        if (strncmp(line, name, sizeof name - 1) == 0) {
            *bytes = strtoll(line + sizeof name - 1, NULL, 10) * KIB;
            return ERR_OK;
        }
    }
    return err_new(ERR_IO);
}

int64_t cpu_own(void)
{
    struct timespec t = {0};
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec * NS_PER_S + t.tv_nsec;
}
