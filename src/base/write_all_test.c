#include "base/write_all.h"

#include "base/util.h"
#include "tests/support/unit.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

enum { MANY = 300 * 1000 }; /* more than a pipe holds: the kernel takes it in pieces */

static uint8_t at(size_t i)
{
    return (uint8_t)(i * 31 % 251);
}

struct reader {
    int fd;
    size_t got;
    bool right;
};

static void *read_slowly(void *argument)
{
    struct reader *const r = argument;
    uint8_t piece[777];
    for (;;) {
        const ssize_t n = read(r->fd, piece, sizeof piece);
        if (n <= 0) {
            return NULL;
        }
        for (size_t i = 0; i < (size_t)n; i++) {
            r->right = r->right && piece[i] == at(r->got + i);
        }
        r->got += (size_t)n;
    }
}

static void every_byte_arrives_in_order(void **state)
{
    (void)state;
    static uint8_t bytes[MANY];
    int fd[2];
    pthread_t thread;
    for (size_t i = 0; i < MANY; i++) {
        bytes[i] = at(i);
    }
    assert_int_equal(pipe(fd), 0);
    struct reader r = {.fd = fd[0], .right = true};
    assert_int_equal(pthread_create(&thread, NULL, read_slowly, &r), 0);
    const err_t e = write_all(fd[1], (span_t){bytes, MANY});
    (void)close(fd[1]);
    assert_int_equal(pthread_join(thread, NULL), 0);
    (void)close(fd[0]);
    assert_ok(e);
    assert_true(r.right);
    assert_int_equal(r.got, MANY);
}

static void nothing_to_write_is_no_fault(void **state)
{
    (void)state;
    assert_ok(write_all(-1, (span_t){NULL, 0}));
}

static void a_full_disk_is_told_from_a_broken_one(void **state)
{
    (void)state;
    const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    const int reading = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_true(full >= 0 && reading >= 0);
    assert_int_equal(write_all(full, SPAN_LIT("x")).code, ERR_STORAGE);
    assert_int_equal(write_all(reading, SPAN_LIT("x")).code, ERR_IO);
    assert_int_equal(write_all(-1, SPAN_LIT("x")).code, ERR_IO);
    (void)close(full);
    (void)close(reading);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_arrives_in_order),
        cmocka_unit_test(nothing_to_write_is_no_fault),
        cmocka_unit_test(a_full_disk_is_told_from_a_broken_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
