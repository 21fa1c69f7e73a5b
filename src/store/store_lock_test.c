/* One owner at a time, by the file that is meant and not by how it is named. */
#include "store/store_lock.h"

#include "base/util.h"
#include "store/house_test.h"
#include "tests/support/unit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

static int set_up(void **state)
{
    struct house *h = calloc(1, sizeof *h);
    assert_non_null(h);
    house_begin(h);
    *state = h;
    return 0;
}

static int tear_down(void **state)
{
    struct house *h = *state;
    house_end(h);
    free(h);
    return 0;
}

static enum err_code take(struct house *h, const char *url, int *fd)
{
    struct store_config config = house_config(h);
    config.url = url;
    return store_lock_take(&config, fd, h->why).code;
}

#define URL "sqlite:///canara.db"

static void a_second_owner_is_refused_until_the_first_lets_go(void **state)
{
    struct house *h = *state;
    int first = -1;
    int second = -1;
    char url[300];
    (void)snprintf(url, sizeof url, "sqlite:///%s/./canara.db", h->dir);
    assert_int_equal(take(h, URL, &first), ERR_NONE);
    assert_int_equal(take(h, url, &second), ERR_LIMIT);
    assert_int_equal(second, -1);
    assert_non_null(strstr(h->why, "canara.db: another server is running on it"));
    assert_int_equal(take(h, "sqlite:///other.db", &second), ERR_NONE);
    (void)close(second);
    second = -1;
    (void)close(first);
    assert_int_equal(take(h, URL, &second), ERR_NONE);
    (void)close(second);
}

static void who_holds_it_keeps_it_and_changes_it_for_another(void **state)
{
    struct house *h = *state;
    int mine = -1;
    int other = -1;
    assert_int_equal(take(h, URL, &mine), ERR_NONE);
    const int before = mine;
    assert_int_equal(take(h, URL, &mine), ERR_NONE);
    assert_int_equal(mine, before);
    assert_int_equal(take(h, URL, &other), ERR_LIMIT);
    assert_int_equal(take(h, "sqlite:///moved.db", &mine), ERR_NONE);
    assert_int_equal(take(h, URL, &other), ERR_NONE);
    (void)close(other);
    (void)close(mine);
}

static void a_process_with_a_copy_holds_it_on(void **state)
{
    struct house *h = *state;
    int mine = -1;
    int other = -1;
    int pipes[2];
    assert_int_equal(take(h, URL, &mine), ERR_NONE);
    assert_int_equal(pipe(pipes), 0);
    const pid_t child = fork();
    if (child == 0) {
        char c;
        (void)close(pipes[1]);
        _exit(read(pipes[0], &c, 1) == 0 ? 0 : 1);
    }
    assert_true(child > 0);
    (void)close(mine);
    assert_int_equal(take(h, URL, &other), ERR_LIMIT);
    (void)close(pipes[1]);
    (void)close(pipes[0]);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(take(h, URL, &other), ERR_NONE);
    (void)close(other);
}

static void what_is_no_file_of_ours_is_refused(void **state)
{
    struct house *h = *state;
    char path[256];
    char away[256];
    int fd = -1;
    (void)house_path(h, "canara.db.lock", path);
    assert_int_equal(symlink(house_path(h, "elsewhere", away), path), 0);
    assert_int_equal(take(h, URL, &fd), ERR_IO);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(take(h, URL, &fd), ERR_IO);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(take(h, URL, &fd), ERR_NONE);
    (void)close(fd);
    fd = -1;
    assert_int_equal(chmod(path, 0644), 0); /* whoever may read it may hold it */
    assert_int_equal(take(h, URL, &fd), ERR_IO);
    assert_int_equal(fd, -1);
    assert_int_equal(take(h, "postgresql://x", &fd), ERR_FORMAT);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_second_owner_is_refused_until_the_first_lets_go),
        TEST(who_holds_it_keeps_it_and_changes_it_for_another),
        TEST(a_process_with_a_copy_holds_it_on),
        TEST(what_is_no_file_of_ours_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
