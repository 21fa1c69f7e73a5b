/* sync.c - the disk alone: what a commit of the journal costs when nothing else is done.
 *
 * bench_sync FILE COUNT BYTES: makes FILE of 16 MiB zeros, then COUNT times pwrite of BYTES and fdatasync,
 * half a millisecond apart, as the journal's writer does, and removes FILE. Prints p50 and p99 of a commit, and
 * p50 and p99 of what somebody waits who comes at any moment: for the commit that begins next to end.
 * Microseconds. Of a thousand commits one that takes a third of the time is the p99.9 of commits, and
 * a third of those who come wait for it. */
#include "base/slice.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    FILE_BYTES = 16 << 20,
    APART_US = 500,
    COUNT_MAX = 1000000,
    COMING_NS = 50000, /* between two who come */
    WAITS_MAX = 10000000
};

struct commit {
    int64_t from_ns, until_ns;
};

static void die(const char *what)
{
    perror(what);
    _exit(1);
}

static int64_t now_ns(void)
{
    struct timespec t = {0};
    if (clock_gettime(CLOCK_MONOTONIC, &t) != 0) {
        die("clock_gettime");
    }
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int by_length(const void *a, const void *b)
{
    int64_t x = 0;
    int64_t y = 0;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

static int make_file(const char *path, const uint8_t *zeros)
{
    const int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        die(path);
    }
    if (unlink(path) != 0 || write(fd, zeros, FILE_BYTES) != FILE_BYTES || fdatasync(fd) != 0) {
        die("make the file");
    }
    return fd;
}

static void print_percentiles(int64_t *ns, size_t n, const char *behind)
{
    qsort(ns, n, sizeof *ns, by_length);
    const int64_t p50_ns = ns[n / 2];
    const int64_t p99_ns = ns[n * 99 / 100];
    (void)printf("%.1f %.1f%s", (double)p50_ns / 1e3, (double)p99_ns / 1e3, behind);
}

static int64_t *some(size_t n)
{
    int64_t *room = calloc(n, sizeof *room);
    if (room == NULL) {
        die("memory");
    }
    return room;
}

/* What the commits took. */
static void print_commits(const struct commit *commit, size_t count)
{
    int64_t *took = some(count);
    for (size_t i = 0; i < count; i++) {
        took[i] = commit[i].until_ns - commit[i].from_ns;
    }
    print_percentiles(took, count, " ");
    free(took);
}

/* What those wait who come between the first commit and the last. */
static void print_arrivals(const struct commit *commit, size_t count)
{
    int64_t *wait = some(WAITS_MAX);
    size_t n = 0;
    size_t next = 0;
    for (int64_t at_ns = commit[0].from_ns; n < WAITS_MAX; at_ns += COMING_NS) {
        while (next < count && commit[next].from_ns < at_ns) {
            next++;
        }
        if (next == count) {
            break;
        }
        wait[n++] = commit[next].until_ns - at_ns;
    }
    print_percentiles(wait, n, "\n");
    free(wait);
}

int main(int argc, char **argv)
{
    const size_t count = argc == 4 ? strtoul(argv[2], NULL, 10) : 0;
    const size_t bytes = argc == 4 ? strtoul(argv[3], NULL, 10) : 0;
    if (count == 0 || count > COUNT_MAX || bytes == 0 || bytes > FILE_BYTES) {
        (void)fprintf(stderr, "usage: bench_sync FILE COUNT BYTES\n");
        return 2;
    }
    uint8_t *data = calloc(1, FILE_BYTES);
    struct commit *commit = calloc(count, sizeof *commit);
    if (data == NULL || commit == NULL) {
        die("memory");
    }
    const int fd = make_file(argv[1], data);
    memset(data, 0x5a, bytes);
    (void)slice_ask(SLICE_SHORTEST_NS);
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        commit[i].from_ns = now_ns();
        if (pwrite(fd, data, bytes, (off_t)at) != (ssize_t)bytes || fdatasync(fd) != 0) {
            die("commit");
        }
        commit[i].until_ns = now_ns();
        at = at + 2 * bytes <= FILE_BYTES ? at + bytes : 0;
        (void)usleep(APART_US);
    }
    print_commits(commit, count);
    print_arrivals(commit, count);
    (void)close(fd);
    free(commit);
    free(data);
    return 0;
}
