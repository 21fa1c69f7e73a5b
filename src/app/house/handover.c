#include "app/house/handover.h"

#include "base/clock.h"
#include "net/signals.h"
#include "net/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* "FDS": sockets from descriptor 3 on, then our end of the pair. */
#define HANDOVER_ENV "CANARA_HANDOVER"

/* Set: the lock of the store comes after the pair. A program that does not know it keeps it open unread. */
#define HANDOVER_STORE_ENV "CANARA_HANDOVER_STORE"

enum { FIRST_FD = 3, HIGH_FD = 128, ENV_MAX = 1024, WORD_BYTES = 32, STOP_LOOK_MS = 10 };

/* ---- words ---- */

static bool hear(int pair, enum handover_word want, int timeout_ms)
{
    struct pollfd p = {.fd = pair, .events = POLLIN};
    const mono_t until = mono_after_ms(clock_mono(clock_system()), timeout_ms);
    for (;;) {
        const int64_t left = mono_ms_between(clock_mono(clock_system()), until);
        const int n = poll(&p, 1, left > 0 ? (int)left : 0);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        char word = 0;
        return n == 1 && read(pair, &word, 1) == 1 && word == (char)want;
    }
}

static bool say(int pair, enum handover_word word)
{
    const char c = (char)word;
    return send(pair, &c, 1, MSG_NOSIGNAL) == 1;
}

bool handover_hears(const struct handover *h, enum handover_word word, int timeout_ms)
{
    return hear(h->pair, word, timeout_ms);
}

bool handover_says(const struct handover *h, enum handover_word word)
{
    return say(h->pair, word);
}

/* ---- the new one ---- */

/* A whole number of at most `most`; -1: it is none. */
static long number_of(const char *text, long most)
{
    char *end = NULL;
    if (text == NULL || *text < '0' || *text > '9') {
        return -1;
    }
    errno = 0;
    const long n = strtol(text, &end, 10);
    return errno == 0 && *end == '\0' && n <= most ? n : -1;
}

static bool is_open(int fd)
{
    return fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

static err_t take_fds(struct inherited *in, long count)
{
    if (count < 1 || count > SERVER_LOOPS_MAX) {
        return err_new(ERR_RANGE);
    }
    for (long i = 0; i < count; i++) {
        if (!is_open(FIRST_FD + (int)i)) {
            return err_new(ERR_RANGE);
        }
        in->fd[i] = FIRST_FD + (int)i;
    }
    in->count = (unsigned)count;
    return ERR_OK;
}

/* The environment is read before there is any other thread. */
err_t inherited_take(struct inherited *out, int *store_lock)
{
    const char *locked = getenv(HANDOVER_STORE_ENV); /* NOLINT(concurrency-mt-unsafe) */
    struct inherited in = {.pair = -1};
    const char *ours = getenv(HANDOVER_ENV);       /* NOLINT(concurrency-mt-unsafe) */
    const char *listen_pid = getenv("LISTEN_PID"); /* NOLINT(concurrency-mt-unsafe) */
    const char *listen_fds = getenv("LISTEN_FDS"); /* NOLINT(concurrency-mt-unsafe) */
    err_t e = ERR_OK;
    if (ours != NULL) {
        e = take_fds(&in, number_of(ours, SERVER_LOOPS_MAX));
        in.pair = FIRST_FD + (int)in.count;
        e = failed(e) || is_open(in.pair) ? e : err_new(ERR_RANGE);
        *store_lock = failed(e) || locked == NULL || !is_open(in.pair + 1) ? -1 : in.pair + 1;
    } else if (listen_fds != NULL && number_of(listen_pid, INT32_MAX) == (long)getpid()) {
        const long count = number_of(listen_fds, SERVER_LOOPS_MAX);
        e = count == 0 ? ERR_OK : take_fds(&in, count);
    }
    (void)unsetenv(HANDOVER_ENV);       /* NOLINT(concurrency-mt-unsafe) */
    (void)unsetenv(HANDOVER_STORE_ENV); /* NOLINT(concurrency-mt-unsafe) */
    (void)unsetenv("LISTEN_PID");       /* NOLINT(concurrency-mt-unsafe) */
    (void)unsetenv("LISTEN_FDS");       /* NOLINT(concurrency-mt-unsafe) */
    (void)unsetenv("LISTEN_FDNAMES");   /* NOLINT(concurrency-mt-unsafe) */
    TRY(e);
    *out = in;
    return ERR_OK;
}

void inherited_close(struct inherited *in)
{
    for (unsigned i = 0; i < in->count; i++) {
        stream_close(&in->fd[i]);
    }
    in->count = 0;
    stream_close(&in->pair);
}

err_t inherited_await(const struct inherited *in)
{
    if (in->pair < 0) {
        return ERR_OK;
    }
    return say(in->pair, HANDOVER_PREPARED) && hear(in->pair, HANDOVER_GO, HANDOVER_READY_MS)
               ? ERR_OK
               : err_new(ERR_IO);
}

void inherited_tell_ready(const struct inherited *in)
{
    if (in->pair >= 0) {
        (void)say(in->pair, HANDOVER_ANSWERS);
    }
}

/* ---- the old one ---- */

void handover_init(struct handover *h)
{
    *h = (struct handover){.pair = -1, .child = -1, .sockets.pair = -1};
    const ssize_t len = readlink("/proc/self/exe", h->exe, sizeof h->exe - 1);
    h->exe[len > 0 ? len : 0] = '\0';
    const int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    const ssize_t got = fd < 0 ? 0 : read(fd, h->args, sizeof h->args - 1);
    h->args_len = got > 0 ? (size_t)got : 0;
    if (fd >= 0) {
        (void)close(fd);
    }
}

err_t handover_keep_sockets(struct handover *h, const struct server *server)
{
    for (unsigned i = 0; i < server_loops(server); i++) {
        const int fd = fcntl(server_listener_fd(server, i), F_DUPFD_CLOEXEC, HIGH_FD);
        if (fd < 0) {
            inherited_close(&h->sockets);
            return err_new(ERR_IO);
        }
        h->sockets.fd[h->sockets.count++] = fd;
    }
    return ERR_OK;
}

static err_t split_args(struct handover *h, char *out[HANDOVER_ARGS_MAX + 1])
{
    size_t n = 0;
    if (h->args_len == 0 || h->args_len >= sizeof h->args - 1) {
        return err_new(ERR_RANGE);
    }
    for (size_t at = 0; at < h->args_len; at += strlen(h->args + at) + 1) {
        if (n == HANDOVER_ARGS_MAX) {
            return err_new(ERR_RANGE);
        }
        out[n++] = h->args + at;
    }
    out[n] = NULL;
    return ERR_OK;
}

/* Our environment and two words more. */
static err_t extend_env(char *word, char *other, char *out[ENV_MAX + 3])
{
    size_t n = 0;
    for (char **e = environ; *e != NULL; e++) {
        if (n == ENV_MAX) {
            return err_new(ERR_RANGE);
        }
        out[n++] = *e;
    }
    out[n++] = word;
    out[n++] = other;
    out[n] = NULL;
    return ERR_OK;
}

static bool plan_fds(const struct handover *h, int theirs, int lock,
                     posix_spawn_file_actions_t *plan)
{
    for (unsigned i = 0; i < h->sockets.count; i++) {
        if (posix_spawn_file_actions_adddup2(plan, h->sockets.fd[i], FIRST_FD + (int)i) != 0) {
            return false;
        }
    }
    const int pair = FIRST_FD + (int)h->sockets.count;
    return posix_spawn_file_actions_adddup2(plan, theirs, pair) == 0 &&
           posix_spawn_file_actions_adddup2(plan, lock, pair + 1) == 0;
}

/* What would end it before it can hold it itself is held from the beginning (signals_hold()). */
static bool plan_signals(posix_spawnattr_t *attr)
{
    const sigset_t held = signals_held();
    sigset_t usual;
    (void)sigemptyset(&usual);
    (void)sigaddset(&usual, SIGPIPE);
    return posix_spawnattr_setsigmask(attr, &held) == 0 &&
           posix_spawnattr_setsigdefault(attr, &usual) == 0 &&
           posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) == 0;
}

/* By the name we were called by, which may be a link to another version by now. */
static const char *program(const struct handover *h, const char *called)
{
    return strchr(called, '/') != NULL ? called : h->exe;
}

static err_t spawn(struct handover *h, int theirs, int lock, char **argv, char **envp)
{
    posix_spawn_file_actions_t plan;
    posix_spawnattr_t attr;
    if (posix_spawn_file_actions_init(&plan) != 0) {
        return err_new(ERR_NOMEM);
    }
    if (posix_spawnattr_init(&attr) != 0) {
        (void)posix_spawn_file_actions_destroy(&plan);
        return err_new(ERR_NOMEM);
    }
    const bool made = plan_fds(h, theirs, lock, &plan) && plan_signals(&attr) &&
                      posix_spawn(&h->child, program(h, argv[0]), &plan, &attr, argv, envp) == 0;
    (void)posix_spawnattr_destroy(&attr);
    (void)posix_spawn_file_actions_destroy(&plan);
    if (!made) {
        h->child = -1;
    }
    return made ? ERR_OK : err_new(ERR_IO);
}

err_t handover_start(struct handover *h, int store_lock)
{
    char *argv[HANDOVER_ARGS_MAX + 1];
    char *envp[ENV_MAX + 3];
    char word[WORD_BYTES];
    char locked[] = HANDOVER_STORE_ENV "=1";
    int ends[2] = {-1, -1};
    (void)snprintf(word, sizeof word, HANDOVER_ENV "=%u", h->sockets.count);
    TRY(split_args(h, argv));
    TRY(extend_env(word, locked, envp));
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        return err_new(ERR_IO);
    }
    CLEANUP(stream_close) int low = ends[1];
    CLEANUP(stream_close) int theirs = fcntl(low, F_DUPFD_CLOEXEC, HIGH_FD);
    CLEANUP(stream_close) int lock = fcntl(store_lock, F_DUPFD_CLOEXEC, HIGH_FD);
    h->pair = ends[0];
    const err_t e = theirs < 0 || lock < 0 ? err_new(ERR_IO) : spawn(h, theirs, lock, argv, envp);
    if (failed(e)) {
        stream_close(&h->pair);
    }
    return e;
}

void handover_give_up(struct handover *h)
{
    if (h->child > 0) {
        (void)kill(h->child, SIGKILL);
        while (waitpid(h->child, NULL, 0) < 0 && errno == EINTR) {}
        h->child = -1;
    }
    stream_close(&h->pair);
}

void handover_stop_new(struct handover *h)
{
    const mono_t until = mono_after_ms(clock_mono(clock_system()), HANDOVER_STOP_MS);
    if (h->child > 0 && kill(h->child, SIGTERM) == 0) {
        while (waitpid(h->child, NULL, WNOHANG) == 0) {
            if (clock_mono(clock_system()).ns > until.ns) {
                handover_give_up(h);
                return;
            }
            (void)poll(NULL, 0, STOP_LOOK_MS);
        }
        h->child = -1;
    }
    stream_close(&h->pair);
}

void handover_end(struct handover *h)
{
    inherited_close(&h->sockets);
    stream_close(&h->pair);
}
