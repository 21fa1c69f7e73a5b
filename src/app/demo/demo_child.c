#include "app/demo/demo_child.h"

#include "app/cli/client_wire.h"
#include "base/util.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOG_NAME "server.log"

enum { LINE_BYTES = 256, TAIL_BYTES = 160, FOLDERS_OPEN = 16 };

/* ---- its folder ---- */

static bool folder_make(struct demo_child *child)
{
    const char *const tmp = getenv("TMPDIR"); /* NOLINT(concurrency-mt-unsafe): nobody sets it */
    const int n = snprintf(child->folder, sizeof child->folder, "%s/canara-demo-XXXXXX",
                           tmp == NULL || tmp[0] != '/' ? "/tmp" : tmp);
    const bool made = n > 0 && (size_t)n < sizeof child->folder && mkdtemp(child->folder) != NULL;
    if (!made) {
        child->folder[0] = '\0';
    }
    return made;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *at)
{
    (void)info;
    (void)kind;
    (void)at;
    return remove(path);
}

static void folder_remove(struct demo_child *child)
{
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): changes no directory (no FTW_CHDIR), one thread */
    (void)nftw(child->folder, remove_one, FOLDERS_OPEN, FTW_DEPTH | FTW_PHYS);
    child->folder[0] = '\0';
}

/* ---- in the child ---- */

/* Settings of the caller's shell are not meant for this server; what a sanitizer reads is. */
static size_t keep_environment(char *out[], size_t cap)
{
    static const char *const kept[] = {"PATH=",         "HOME=",         "TMPDIR=",
                                       "LANG=",         "ASAN_OPTIONS=", "UBSAN_OPTIONS=",
                                       "LSAN_OPTIONS=", "TSAN_OPTIONS=", "LLVM_PROFILE_FILE="};
    size_t n = 0;
    for (char **e = environ; *e != NULL; e++) {
        for (size_t k = 0; k < ARRAY_LEN(kept) && n + 1 < cap; k++) {
            if (strncmp(*e, kept[k], strlen(kept[k])) == 0) {
                out[n++] = *e;
            }
        }
    }
    out[n] = NULL;
    return n;
}

static _Noreturn void become_server(const char *folder, int out, pid_t parent)
{
    char data_dir[CHILD_PATH_BYTES + 32];
    (void)snprintf(data_dir, sizeof data_dir, "--set=DATA_DIR=%s/data", folder);
    char words[][40] = {"canara",
                        "serve",
                        "--set=HOST=127.0.0.1",
                        "--set=PORT=0",
                        "--set=DEBUG=True",
                        "--set=LOG_FORMAT=json",
                        "--set=LOG_LEVEL=warn",
                        "--set=REGISTER_PER_ADDRESS=0"};
    char *argv[ARRAY_LEN(words) + 2];
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        argv[i] = words[i];
    }
    argv[ARRAY_LEN(words)] = data_dir;
    argv[ARRAY_LEN(words) + 1] = NULL;
    char *env[16];
    (void)keep_environment(env, ARRAY_LEN(env));

    sigset_t none;
    (void)sigemptyset(&none);
    (void)pthread_sigmask(SIG_SETMASK, &none, NULL);
    (void)setpgid(0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    const bool ready = getppid() == parent && chdir(folder) == 0 && null >= 0 &&
                       dup2(null, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0;
    const int log = open(LOG_NAME, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (ready && log >= 0 && dup2(log, STDERR_FILENO) >= 0) {
        (void)execve("/proc/self/exe", argv, env);
    }
    _exit(127);
}

/* ---- until it listens ---- */

/* The end of what the server has written, on one line. */
static void last_words(const struct demo_child *child, char out[TAIL_BYTES])
{
    char path[CHILD_PATH_BYTES + 32];
    (void)snprintf(path, sizeof path, "%s/" LOG_NAME, child->folder);
    out[0] = '\0';
    CLEANUP(wire_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat info;
    if (fd < 0 || fstat(fd, &info) != 0) {
        return;
    }
    const off_t from = info.st_size > TAIL_BYTES - 1 ? info.st_size - (TAIL_BYTES - 1) : 0;
    const ssize_t n = pread(fd, out, TAIL_BYTES - 1, from);
    out[n > 0 ? n : 0] = '\0';
    for (char *b = out; *b != '\0'; b++) {
        if (*b < ' ' || *b == 0x7f) {
            *b = ' ';
        }
    }
}

/* Read the server's output up to its first line. ERR_IO when it ends before. */
static err_t read_line(struct client *c, int fd, char line[LINE_BYTES])
{
    const mono_t until = wire_until(c, CHILD_START_MS);
    size_t len = 0;
    while (len < LINE_BYTES - 1) {
        struct pollfd polled[2] = {{.fd = fd, .events = POLLIN},
                                   {.fd = c->stop_fd, .events = POLLIN}};
        const int64_t left = mono_ms_between(clock_mono(c->clock), until);
        if (left <= 0) {
            return err_new(ERR_TIMEOUT);
        }
        if (poll(polled, 2, (int)left) <= 0) {
            continue;
        }
        if (polled[1].revents != 0) {
            c->stopped = true;
            return err_new(ERR_IO);
        }
        const ssize_t n = read(fd, line + len, 1);
        if (n <= 0) {
            return err_new(ERR_IO);
        }
        if (line[len] == '\n') {
            line[len] = '\0';
            return ERR_OK;
        }
        len++;
    }
    return err_new(ERR_LIMIT);
}

static err_t await_listening(struct demo_child *child, struct client *c, int fd)
{
    static const char head[] = "listening on ";
    char line[LINE_BYTES] = "";
    const err_t read = read_line(c, fd, line);
    const bool known = !failed(read) && strncmp(line, head, sizeof head - 1) == 0;
    const size_t len = known ? strlen(line) - (sizeof head - 1) : 0;
    if (known && len < sizeof child->url) {
        memcpy(child->url, line + sizeof head - 1, len + 1);
        return ERR_OK;
    }
    if (c->stopped) {
        return wire_fault(c, ERR_IO, "stopped");
    }
    char tail[TAIL_BYTES];
    last_words(child, tail);
    return wire_fault(c, failed(read) ? read.code : ERR_FORMAT, "the server does not start: %s",
                      tail[0] != '\0' ? tail : "it says nothing");
}

err_t demo_child_start(struct demo_child *child, struct client *c)
{
    *child = (struct demo_child){.out = -1};
    int pipe_fd[2] = {-1, -1};
    if (!folder_make(child)) {
        return wire_fault(c, ERR_IO, "no folder can be made for the server's data");
    }
    if (pipe2(pipe_fd, O_CLOEXEC) != 0) {
        folder_remove(child);
        return wire_fault(c, ERR_IO, "no pipe can be made");
    }
    const pid_t parent = getpid();
    const pid_t pid = fork();
    if (pid == 0) {
        become_server(child->folder, pipe_fd[1], parent);
    }
    wire_close(&pipe_fd[1]);
    child->out = pipe_fd[0]; /* stays open: a few more lines come */
    child->pid = pid > 0 ? pid : 0;
    const err_t e = pid < 0 ? wire_fault(c, ERR_IO, "no process can be made")
                            : await_listening(child, c, pipe_fd[0]);
    if (failed(e)) {
        demo_child_stop(child);
    }
    return e;
}

/* ---- its end ---- */

/* True once the child is gone. */
static bool is_gone(struct demo_child *child)
{
    int status = 0;
    const pid_t answer = waitpid(child->pid, &status, WNOHANG);
    if (answer == 0 || (answer < 0 && errno == EINTR)) {
        return false;
    }
    child->exit_code = answer < 0            ? 127
                       : WIFEXITED(status)   ? WEXITSTATUS(status)
                       : WIFSIGNALED(status) ? 128 + WTERMSIG(status)
                                             : 127;
    return true;
}

void demo_child_stop(struct demo_child *child)
{
    enum { STEP_MS = 10 };

    if (child->pid > 0) {
        (void)kill(child->pid, SIGTERM);
        int waited = 0;
        while (!is_gone(child)) {
            (void)poll(NULL, 0, STEP_MS);
            waited += STEP_MS;
            if (waited == CHILD_STOP_MS) {
                (void)kill(child->pid, SIGKILL);
            }
        }
        child->pid = 0;
    }
    if (child->folder[0] != '\0') {
        wire_close(&child->out);
        folder_remove(child);
    }
}
