/* sync.c - the disk alone: what a commit of the journal costs when nothing else is done.
 *
 * bench_sync FILE COUNT BYTES: makes FILE of 16 MiB zeros, then COUNT times pwrite of BYTES and fdatasync,
 * half a millisecond apart, as the journal's writer does; prints p50 and p99 in microseconds and removes
 * FILE. */
#include "base/slice.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { FILE_BYTES = 16 << 20, APART_US = 500, COUNT_MAX = 1000000 };

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

int main(int argc, char **argv)
{
    const size_t count = argc == 4 ? strtoul(argv[2], NULL, 10) : 0;
    const size_t bytes = argc == 4 ? strtoul(argv[3], NULL, 10) : 0;
    if (count == 0 || count > COUNT_MAX || bytes == 0 || bytes > FILE_BYTES) {
        (void)fprintf(stderr, "usage: bench_sync FILE COUNT BYTES\n");
        return 2;
    }
    uint8_t *data = calloc(1, FILE_BYTES);
    int64_t *took = calloc(count, sizeof *took);
    if (data == NULL || took == NULL) {
        die("memory");
    }
    const int fd = make_file(argv[1], data);
    memset(data, 0x5a, bytes);
    (void)slice_ask(SLICE_SHORTEST_NS);
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        const int64_t from = now_ns();
        if (pwrite(fd, data, bytes, (off_t)at) != (ssize_t)bytes || fdatasync(fd) != 0) {
            die("commit");
        }
        took[i] = now_ns() - from;
        at = at + 2 * bytes <= FILE_BYTES ? at + bytes : 0;
        (void)usleep(APART_US);
    }
    qsort(took, count, sizeof *took, by_length);
    const int64_t p50_ns = took[count / 2];
    const int64_t p99_ns = took[count * 99 / 100];
    (void)printf("%.1f %.1f\n", (double)p50_ns / 1e3, (double)p99_ns / 1e3);
    (void)close(fd);
    free(took);
    free(data);
    return 0;
}
