#include "net/listener.h"

#include "base/util.h"
#include "net/stream.h"
#include "tests/support/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct listener opened(const char *host, uint16_t port, unsigned flags)
{
    struct listener l = {.fd = -1};
    enum listen_outcome outcome = LISTEN_BAD_ADDRESS;
    assert_ok(listener_open(&l, host, port, flags, 16, &outcome));
    assert_int_equal(outcome, LISTEN_OPEN);
    return l;
}

static enum listen_outcome refused(const char *host, uint16_t port)
{
    struct listener l = {.fd = -1};
    enum listen_outcome outcome = LISTEN_OPEN;
    assert_ok(listener_open(&l, host, port, 0, 16, &outcome));
    assert_int_equal(l.fd, -1);
    return outcome;
}

static int call(uint16_t port)
{
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    const struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static void callers_are_accepted_with_their_address(void **state)
{
    (void)state;
    static const char *const hosts[] = {"127.0.0.1", "localhost", "0.0.0.0", "::ffff:127.0.0.1"};
    for (size_t c = 0; c < ARRAY_LEN(hosts); c++) {
        struct listener l = opened(hosts[c], 0, 0);
        assert_int_not_equal(l.port, 0);
        int fd = -1;
        struct peer_address peer = {.port = 0};
        assert_int_equal(listener_accept(&l, &fd, &peer), ACCEPT_NONE);

        int caller = call(l.port);
        assert_int_equal(listener_accept(&l, &fd, &peer), ACCEPT_GOT);
        assert_true(address_is_loopback(&peer) && address_is_v4(&peer));
        assert_int_not_equal(peer.port, 0);
        assert_true((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
        assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
        stream_set_no_delay(fd);
        stream_close(&fd);
        stream_close(&caller);
        listener_close(&l);
        listener_close(&l);
        assert_int_equal(l.fd, -1);
    }
}

static void a_port_is_shared_only_when_all_agree(void **state)
{
    (void)state;
    struct listener alone = opened("127.0.0.1", 0, 0);
    assert_int_equal(refused("127.0.0.1", alone.port), LISTEN_IN_USE);
    listener_close(&alone);

    struct listener one = opened("127.0.0.1", 0, LISTEN_REUSEPORT);
    struct listener two = opened("127.0.0.1", one.port, LISTEN_REUSEPORT);
    assert_int_equal(one.port, two.port);
    assert_int_equal(refused("127.0.0.1", one.port), LISTEN_IN_USE);
    listener_close(&one);
    listener_close(&two);
}

static void an_operator_learns_what_is_wrong_with_an_address(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",      "example.com", "127.0.0.1:80",
        "[::1]", "127.0.0.256", "192.0.2.7" /* documentation: never of this machine */};
    for (size_t c = 0; c < ARRAY_LEN(bad); c++) {
        assert_int_equal(refused(bad[c], 0), LISTEN_BAD_ADDRESS);
    }
}

static void v6_is_served_where_the_machine_has_it(void **state)
{
    (void)state;
    struct listener l = {.fd = -1};
    enum listen_outcome outcome = LISTEN_IN_USE;
    assert_ok(listener_open(&l, "::1", 0, 0, 16, &outcome));
    if (outcome == LISTEN_OPEN) {
        assert_int_not_equal(l.port, 0);
        struct listener v4 = opened("127.0.0.1", l.port, 0);
        listener_close(&v4);
    } else {
        assert_int_equal(outcome, LISTEN_BAD_ADDRESS);
    }
    listener_close(&l);
}

/* Open descriptors until none is left; how many is told by where `fds` ends with -1. */
static void exhaust(int *fds, size_t room)
{
    size_t n = 0;
    while (n + 1 < room && (fds[n] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0) {
        n++;
    }
    fds[n] = -1;
}

static void without_descriptors_callers_are_hung_up_on(void **state)
{
    (void)state;
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    struct listener l = opened("127.0.0.1", 0, 0);
    int callers[2] = {call(l.port), call(l.port)};

    const struct rlimit few = {64, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    int fds[128];
    exhaust(fds, ARRAY_LEN(fds));

    int fd = -1;
    struct peer_address peer = {.port = 0};
    assert_int_equal(listener_accept(&l, &fd, &peer), ACCEPT_REFUSED);
    assert_int_equal(listener_accept(&l, &fd, &peer), ACCEPT_REFUSED);
    assert_int_equal(fd, -1);
    assert_true(l.spare_fd >= 0);

    /* With the spare lost too, it says "later" and gets one when it can. */
    const int spare = l.spare_fd;
    l.spare_fd = -1;
    int third = fds[0];
    stream_close(&third);
    fds[0] = call(l.port);
    assert_int_equal(listener_accept(&l, &fd, &peer), ACCEPT_LATER);
    for (size_t i = 0; fds[i] >= 0; i++) {
        stream_close(&fds[i]);
    }
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(listener_accept(&l, &fd, &peer), ACCEPT_GOT);
    stream_close(&fd);
    l.spare_fd = spare;

    uint8_t byte = 0;
    for (size_t i = 0; i < ARRAY_LEN(callers); i++) {
        assert_true(recv(callers[i], &byte, 1, 0) <= 0);
        stream_close(&callers[i]);
    }
    listener_close(&l);
}

/* ---- unix sockets: each test in a folder of its own -------------------------------------------- */

struct folder {
    char name[64];
    char path[96];
};

static struct folder folder_new(void)
{
    struct folder f = {.name = "/tmp/canara-listener-XXXXXX"};
    assert_non_null(mkdtemp(f.name));
    (void)snprintf(f.path, sizeof f.path, "%s/ctl", f.name);
    return f;
}

static enum listen_outcome open_unix(struct listener *l, const char *path)
{
    enum listen_outcome outcome = LISTEN_BAD_ADDRESS;
    assert_ok(listener_open_unix(l, path, 4, &outcome));
    return outcome;
}

static int call_unix(const char *path)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    memcpy(to.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    if (connect(fd, (const struct sockaddr *)&to, sizeof to) != 0) {
        stream_close(&fd);
    }
    return fd;
}

static void a_unix_socket_is_ours_alone_and_goes_with_us(void **state)
{
    (void)state;
    const struct folder f = folder_new();
    struct listener l;
    const mode_t before = umask(0);
    assert_int_equal(open_unix(&l, f.path), LISTEN_OPEN);
    (void)umask(before);
    struct stat st;
    assert_int_equal(stat(f.path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);

    int caller = call_unix(f.path);
    int fd = -1;
    struct peer_address peer = {.port = 9};
    assert_int_equal(listener_accept(&l, &fd, &peer), ACCEPT_GOT);
    assert_true(address_is_loopback(&peer));
    stream_set_no_delay(fd);
    stream_close(&fd);
    stream_close(&caller);
    listener_close(&l);
    assert_int_equal(access(f.path, F_OK), -1);
    assert_int_equal(rmdir(f.name), 0);
}

static void a_stale_file_is_replaced_and_a_live_one_is_not(void **state)
{
    (void)state;
    const struct folder f = folder_new();
    struct listener first;
    struct listener second = {.fd = -1};
    assert_int_equal(open_unix(&first, f.path), LISTEN_OPEN);
    assert_int_equal(open_unix(&second, f.path), LISTEN_IN_USE);
    assert_int_equal(second.fd, -1);
    int caller = call_unix(f.path);
    assert_true(caller >= 0);
    stream_close(&caller);

    stream_close(&first.fd); /* as a crash would: the file stays */
    stream_close(&first.spare_fd);
    assert_int_equal(access(f.path, F_OK), 0);
    assert_int_equal(open_unix(&second, f.path), LISTEN_OPEN);
    listener_close(&second);
    assert_int_equal(rmdir(f.name), 0);
}

static void other_files_are_left_alone(void **state)
{
    (void)state;
    const struct folder f = folder_new();
    struct listener l = {.fd = -1};
    int file = open(f.path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(file >= 0);
    stream_close(&file);
    assert_int_equal(open_unix(&l, f.path), LISTEN_IN_USE);
    assert_int_equal(access(f.path, F_OK), 0);
    assert_int_equal(unlink(f.path), 0);
    assert_int_equal(rmdir(f.name), 0);
}

static void bad_paths_are_told(void **state)
{
    (void)state;
    struct listener l = {.fd = -1};
    char path[200];
    memset(path, 'a', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    assert_int_equal(open_unix(&l, path), LISTEN_BAD_ADDRESS);
    assert_int_equal(open_unix(&l, ""), LISTEN_BAD_ADDRESS);
    assert_int_equal(open_unix(&l, "/nowhere/at/all/ctl"), LISTEN_BAD_ADDRESS);
    assert_int_equal(l.fd, -1);
}

/* In a child without privileges: what opening a socket file in a folder of ours leads to. */
static int outcome_for_a_stranger(const char *path)
{
    const pid_t child = fork();
    if (child == 0) {
        struct listener l = {.fd = -1};
        enum listen_outcome outcome = LISTEN_OPEN;
        const bool stranger = geteuid() != 0 || setuid(65534) == 0;
        const bool told = stranger && !failed(listener_open_unix(&l, path, 4, &outcome));
        _exit(told ? (int)outcome : 99);
    }
    int status = 0;
    assert_true(child > 0 && waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void a_folder_without_right_to_write_is_told(void **state)
{
    (void)state;
    const struct folder f = folder_new();
    assert_int_equal(chmod(f.name, 0500), 0);
    assert_int_equal(outcome_for_a_stranger(f.path), LISTEN_NOT_PERMITTED);
    assert_int_equal(rmdir(f.name), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(callers_are_accepted_with_their_address),
        cmocka_unit_test(a_port_is_shared_only_when_all_agree),
        cmocka_unit_test(an_operator_learns_what_is_wrong_with_an_address),
        cmocka_unit_test(v6_is_served_where_the_machine_has_it),
        cmocka_unit_test(without_descriptors_callers_are_hung_up_on),
        cmocka_unit_test(a_unix_socket_is_ours_alone_and_goes_with_us),
        cmocka_unit_test(a_stale_file_is_replaced_and_a_live_one_is_not),
        cmocka_unit_test(other_files_are_left_alone),
        cmocka_unit_test(bad_paths_are_told),
        cmocka_unit_test(a_folder_without_right_to_write_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
