#include "lab/bots/boost_client.h"

#include "base/fd.h"
#include "base/util.h"
#include "engine/arithmetic/trees.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM "canara-boost"
#define ABSENT  PROGRAM " not found: build with libxgboost-dev"

enum {
    ARGS_MAX = 40,
    NUMBER_BYTES = 32,
    SAID_BYTES = 200,
    EXIT_ABSENT = 127 /* POSIX, posix_spawn() */
};

/* What the child is handed: files in memory. */
struct child_files {
    int in, out, said;
};

static void files_deinit(struct child_files *f)
{
    fd_close(&f->in);
    fd_close(&f->out);
    fd_close(&f->said);
}

static err_t say(char why[BOOST_WHY_BYTES], enum err_code code, const char *what, const char *more)
{
    (void)snprintf(why, BOOST_WHY_BYTES, "%s%s%s", what, more[0] == '\0' ? "" : ": ", more);
    return err_new(code);
}

/* ---- where it is ---- */

static bool beside_us(char path[PATH_MAX])
{
    const ssize_t len = readlink("/proc/self/exe", path, PATH_MAX - 1);
    if (len <= 0) {
        return false;
    }
    path[len] = '\0';
    char *const slash = strrchr(path, '/');
    if (slash == NULL || (size_t)(slash + 1 - path) + sizeof PROGRAM > PATH_MAX) {
        return false;
    }
    memcpy(slash + 1, PROGRAM, sizeof PROGRAM);
    return access(path, X_OK) == 0;
}

/* The name to start: with a slash a path, without one looked up on the PATH. */
static const char *find(char path[PATH_MAX])
{
    const char *const told =
        getenv("CANARA_BOOST"); /* NOLINT(concurrency-mt-unsafe): nobody sets it */
    if (told != NULL && told[0] != '\0') {
        return told;
    }
    return beside_us(path) ? path : PROGRAM;
}

/* ---- running it ---- */

/* A file that is duplicated onto its own number stays open in the child (glibc 2.29, POSIX 2024). */
static int add_actions(posix_spawn_file_actions_t *a, const struct child_files *f)
{
    int bad = posix_spawn_file_actions_addopen(a, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    bad |= posix_spawn_file_actions_addopen(a, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    bad |= posix_spawn_file_actions_adddup2(a, f->said, STDERR_FILENO);
    if (f->in >= 0) {
        bad |= posix_spawn_file_actions_adddup2(a, f->in, f->in);
    }
    if (f->out >= 0) {
        bad |= posix_spawn_file_actions_adddup2(a, f->out, f->out);
    }
    return bad;
}

/* Start it; 0 or an errno. posix_spawn wants char *const * and writes through none of them. */
static int start(const char *program, const char *const *args, const struct child_files *f,
                 pid_t *pid)
{
    union {
        const char *in[ARGS_MAX + 2];
        char *out[ARGS_MAX + 2];
    } argv = {.in = {PROGRAM}};

    size_t n = 1;
    for (; args[n - 1] != NULL; n++) {
        MUST(n <= ARGS_MAX);
        argv.in[n] = args[n - 1];
    }
    argv.in[n] = NULL;
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions) != 0) {
        return ENOMEM;
    }
    int bad = add_actions(&actions, f) != 0 ? ENOMEM : 0;
    if (bad == 0) {
        bad = posix_spawnp(pid, program, &actions, NULL, argv.out, environ);
    }
    (void)posix_spawn_file_actions_destroy(&actions);
    return bad;
}

/* The first line that the child said, without its end. */
static void first_line(int fd, char line[SAID_BYTES])
{
    const ssize_t got = pread(fd, line, SAID_BYTES - 1, 0);
    line[got > 0 ? got : 0] = '\0';
    line[strcspn(line, "\n")] = '\0';
}

static err_t run(const char *const *args, const struct child_files *f, char why[BOOST_WHY_BYTES])
{
    char path[PATH_MAX];
    const char *const program = find(path);
    pid_t pid = -1;
    const int bad = start(program, args, f, &pid);
    if (bad == ENOENT) {
        return say(why, ERR_IO, ABSENT, "");
    }
    char text[SAID_BYTES];
    if (bad != 0) {
        return say(why, ERR_IO, program, strerror_r(bad, text, sizeof text));
    }
    int status = 0;
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) {
            return say(why, ERR_IO, PROGRAM, strerror_r(errno, text, sizeof text));
        }
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        return ERR_OK;
    }
    first_line(f->said, text);
    if (WIFSIGNALED(status)) {
        return say(why, ERR_IO, PROGRAM " was killed", text);
    }
    if (text[0] != '\0') {
        return say(why, ERR_IO, text, "");
    }
    return WEXITSTATUS(status) == EXIT_ABSENT
               ? say(why, ERR_IO, ABSENT, "")
               : say(why, ERR_IO, PROGRAM, "failed and said nothing");
}

static int memory_file(void)
{
    return memfd_create(PROGRAM, MFD_CLOEXEC);
}

err_t boost_run(const char *const *args, char why[BOOST_WHY_BYTES])
{
    CLEANUP(files_deinit) struct child_files f = {.in = -1, .out = -1, .said = memory_file()};
    return f.said < 0 ? say(why, ERR_IO, PROGRAM, "no file in memory") : run(args, &f, why);
}

bool boost_is_here(void)
{
    char why[BOOST_WHY_BYTES];
    return !failed(boost_run((const char *const[]){"--version", NULL}, why));
}

/* ---- training ---- */

struct boost_params boost_params_default(void)
{
    return (struct boost_params){.rounds = 100,
                                 .depth = 3,
                                 .eta = 0.1,
                                 .min_child = 1.0,
                                 .subsample = 1.0,
                                 .colsample = 1.0,
                                 .lambda = 1.0};
}

static err_t put_table(int fd, const struct boost_table *t, char why[BOOST_WHY_BYTES])
{
    CLEANUP(buf_deinit) struct buf bytes;
    buf_init(&bytes, BOOST_BYTES_MAX);
    TRY(boost_table_write(t, &bytes, why));
    for (size_t done = 0; done < bytes.len;) {
        const ssize_t put = write(fd, bytes.ptr + done, bytes.len - done);
        if (put < 0 && errno != EINTR) {
            return say(why, ERR_IO, PROGRAM, "no room for the table in memory");
        }
        done += put > 0 ? (size_t)put : 0;
    }
    return ERR_OK;
}

static void monotone_text(const struct boost_params *p, size_t columns,
                          char out[BOOST_COLUMNS_MAX * 3 + 1])
{
    size_t len = 0;
    for (size_t i = 0; i < columns; i++) {
        const int sign = p->monotone[i] > 0 ? 1 : (p->monotone[i] < 0 ? -1 : 0);
        len += (size_t)snprintf(out + len, 4, "%s%d", i == 0 ? "" : ",", sign);
    }
}

/* Run the training between the two files. */
static err_t run_training(const struct boost_params *p, size_t columns, const struct child_files *f,
                          char why[BOOST_WHY_BYTES])
{
    char number[8][NUMBER_BYTES];
    char monotone[BOOST_COLUMNS_MAX * 3 + 1] = "";
    char in[NUMBER_BYTES];
    char out[NUMBER_BYTES];
    (void)snprintf(in, sizeof in, "/dev/fd/%d", f->in);
    (void)snprintf(out, sizeof out, "/dev/fd/%d", f->out);
    const double decimal[] = {p->eta, p->min_child, p->subsample, p->colsample, p->lambda};
    const uint32_t whole[] = {p->rounds, p->depth, p->seed};
    for (size_t i = 0; i < ARRAY_LEN(decimal); i++) {
        (void)snprintf(number[i], NUMBER_BYTES, "%.17g", decimal[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(whole); i++) {
        (void)snprintf(number[ARRAY_LEN(decimal) + i], NUMBER_BYTES, "%" PRIu32, whole[i]);
    }
    if (p->monotone != NULL) {
        monotone_text(p, columns, monotone);
    }
    /* clang-format off */
    const char *const args[] = {
        "train", "--in", in, "--out", out,
        "--eta",       number[0], "--min-child", number[1], "--subsample", number[2],
        "--colsample", number[3], "--lambda",    number[4], "--rounds",    number[5],
        "--depth",     number[6], "--seed",      number[7],
        p->monotone == NULL ? NULL : "--monotone", monotone, NULL};
    /* clang-format on */
    return run(args, f, why);
}

static err_t get_trees(int fd, size_t columns, struct buf *trees, char why[BOOST_WHY_BYTES])
{
    CLEANUP(buf_deinit) struct buf got;
    buf_init(&got, TREES_BYTES_MAX);
    err_t room = buf_reserve(&got, TREES_BYTES_MAX);
    if (failed(room)) {
        return say(why, room.code, PROGRAM, "no memory for trees");
    }
    for (;;) {
        const ssize_t n = pread(fd, got.ptr + got.len, got.cap - got.len, (off_t)got.len);
        if (n < 0 && errno != EINTR) {
            return say(why, ERR_IO, PROGRAM, "its trees cannot be read");
        }
        if (n == 0) {
            break;
        }
        got.len += n > 0 ? (size_t)n : 0;
    }
    struct trees view;
    const enum trees_answer a = trees_check(buf_span(&got), columns, &view);
    if (a != TREES_GOOD) {
        return say(why, ERR_FORMAT, PROGRAM " gave bad trees", trees_answer_text(a));
    }
    room = buf_append(trees, buf_span(&got));
    return failed(room) ? say(why, room.code, PROGRAM, "no room for its trees") : ERR_OK;
}

err_t boost_train(const struct boost_table *t, const struct boost_params *p, struct buf *trees,
                  char why[BOOST_WHY_BYTES])
{
    CLEANUP(files_deinit)
    struct child_files f = {.in = memory_file(), .out = memory_file(), .said = memory_file()};
    if (f.in < 0 || f.out < 0 || f.said < 0) {
        return say(why, ERR_IO, PROGRAM, "no file in memory");
    }
    TRY(put_table(f.in, t, why));
    TRY(run_training(p, t->columns, &f, why));
    return get_trees(f.out, t->columns, trees, why);
}
