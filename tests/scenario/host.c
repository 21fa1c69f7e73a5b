#include "tests/scenario/host.h"

#include "app/house/house.h"
#include "base/rng.h"
#include "base/util.h"
#include "codec/hex.h"
#include "crypto/keys.h"
#include "domain/ground/clock_guard.h"
#include "server/inside.h"

#include <errno.h>
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ANSWER_MAX_MS = 60000, SETTLE_STEP_US = 1000 };

PRINTF_LIKE(2, 3) static bool fault(struct host *h, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(h->why, sizeof h->why, format, args);
    va_end(args);
    return false;
}

/* ---- in the child ---- */

/* How often every loop has gone round, read in the loops themselves. */
struct turn {
    struct house *house;
    uint64_t round[SERVER_LOOPS_MAX];
    sem_t all;
};

static void read_round(void *ctx, struct shard *s)
{
    struct turn *t = ctx;
    const struct server *server = t->house->server;
    for (unsigned i = 0; i < server->workers; i++) {
        if (server->shards[i] == s) {
            t->round[i] = server->worker[i]->round;
        }
    }
}

static void all_read(void *ctx)
{
    struct turn *t = ctx;
    (void)sem_post(&t->all);
}

static void visit(struct turn *t)
{
    struct courier *courier = t->house->api.courier;
    MUST(!failed(courier->every_loop(courier, read_round, all_read, t)));
    while (sem_wait(&t->all) != 0) {
        MUST(errno == EINTR);
    }
}

/* A round looks at the clock behind its mail. So the round in which the first visit came has done
 * it, and has sent what came of it, when a later visit finds a higher number. */
static void wait_for_a_turn(struct house *house)
{
    struct turn *t = calloc(1, sizeof *t);
    MUST(t != NULL && sem_init(&t->all, 0, 0) == 0);
    t->house = house;
    uint64_t first[SERVER_LOOPS_MAX];
    const unsigned loops = server_loops(house->server);
    server_poke(house->server);
    clock_guard_watch(&house->service); /* the ledger does once a second, and a script has none */
    visit(t);
    memcpy(first, t->round, sizeof first);
    for (unsigned done = 0; done < loops;) {
        server_poke(house->server);
        visit(t);
        done = 0;
        for (unsigned i = 0; i < loops; i++) {
            done += t->round[i] > first[i] ? 1U : 0U;
        }
    }
    (void)sem_destroy(&t->all);
    free(t);
}

static void settle(struct house *house)
{
    wait_for_a_turn(house);
    while (ledger_depth(house->ledger) > 0) {
        (void)usleep(SETTLE_STEP_US);
    }
}

static bool say(int line, char what, const char *text)
{
    char message[HOST_WHY_BYTES] = {what};
    (void)snprintf(message + 1, sizeof message - 1, "%s", text);
    return write(line, message, sizeof message) == (ssize_t)sizeof message;
}

static bool load(const struct host *h, struct settings *out, char why[HOST_WHY_BYTES])
{
    const char *sets[HOST_SETS_MAX];
    for (size_t i = 0; i < h->sets; i++) {
        sets[i] = h->set[i];
    }
    struct settings_report report;
    const struct settings_sources from = {.set = sets, .sets = h->sets};
    if (failed(settings_load(&from, out, &report))) {
        (void)snprintf(why, HOST_WHY_BYTES, "%s", report.fault);
        return false;
    }
    return true;
}

/* One order, one answer. */
static void obey(struct house *house, int line)
{
    char order = 0;
    while (read(line, &order, 1) == 1) {
        switch (order) {
        case 't':
            wait_for_a_turn(house);
            MUST(say(line, 't', ""));
            break;
        case 'l':
            settle(house);
            MUST(say(line, 'l', ""));
            break;
        default: return; /* stop */
        }
    }
}

_Noreturn static void live(const struct host *h, int line)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    struct settings *settings = calloc(1, sizeof *settings);
    struct house *house = calloc(1, sizeof *house);
    MUST(settings != NULL && house != NULL);
    char why[HOST_WHY_BYTES] = "";
    bool up = load(h, settings, why);
    if (up && failed(house_up(house, settings, &h->clock->face))) {
        (void)snprintf(why, sizeof why, "%s", house->why);
        up = false;
    }
    if (up) {
        (void)snprintf(why, sizeof why, "%u", (unsigned)server_port(house->server));
    }
    MUST(say(line, up ? 'u' : 'n', why));
    if (up) {
        obey(house, line);
        house_down(house);
    }
    settings_wipe(settings);
    free(settings);
    free(house);
    (void)close(line);
    if (h->hardened) {
        _exit(0); /* a leak check would want to trace us, and may not */
    }
    exit(0); /* NOLINT(concurrency-mt-unsafe): every other thread has ended */
}

/* ---- in the parent ---- */

static bool hear(struct host *h, char message[HOST_WHY_BYTES])
{
    struct pollfd p = {.fd = h->line, .events = POLLIN};
    size_t got = 0;
    while (got < HOST_WHY_BYTES) {
        if (poll(&p, 1, ANSWER_MAX_MS) != 1) {
            return fault(h, "the server does not answer its owner");
        }
        const ssize_t n = read(h->line, message + got, HOST_WHY_BYTES - got);
        if (n <= 0) {
            return fault(h, "the server has ended by itself");
        }
        got += (size_t)n;
    }
    message[HOST_WHY_BYTES - 1] = '\0';
    return true;
}

static bool order(struct host *h, char what)
{
    char message[HOST_WHY_BYTES];
    if (h->child == 0) {
        return true;
    }
    return write(h->line, &what, 1) == 1 ? hear(h, message)
                                         : fault(h, "the server has ended by itself");
}

bool host_sync(struct host *h)
{
    return order(h, 't');
}

bool host_settle(struct host *h)
{
    return order(h, 'l');
}

/* Collect the child; true when it ended with 0, or by our own hand. */
static bool collect(struct host *h, bool killed)
{
    int status = 0;
    while (waitpid(h->child, &status, 0) < 0) {
        MUST(errno == EINTR);
    }
    (void)close(h->line);
    h->child = 0;
    h->line = -1;
    if (killed || (WIFEXITED(status) && WEXITSTATUS(status) == 0)) {
        return true;
    }
    return WIFSIGNALED(status) ? fault(h, "the server ended by signal %d", WTERMSIG(status))
                               : fault(h, "the server ended with %d", WEXITSTATUS(status));
}

bool host_start(struct host *h, bool *refused)
{
    int pair[2];
    char message[HOST_WHY_BYTES] = "";
    MUST(h->child == 0 && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
    *refused = false;
    (void)fflush(NULL);
    h->child = fork();
    MUST(h->child >= 0);
    if (h->child == 0) {
        (void)close(pair[0]);
        live(h, pair[1]);
    }
    (void)close(pair[1]);
    h->line = pair[0];
    if (!hear(h, message)) {
        const bool ended = collect(h, true);
        (void)ended;
        return false;
    }
    if (message[0] == 'u') {
        h->port = (uint16_t)strtoul(message + 1, NULL, 10);
        return true;
    }
    *refused = collect(h, false);
    return *refused ? fault(h, "%s", message + 1) : false;
}

bool host_stop_begin(struct host *h)
{
    if (h->child == 0) {
        return fault(h, "no server is running");
    }
    const char stop = 's';
    (void)send(h->line, &stop, 1, MSG_NOSIGNAL); /* one that has ended says why by its status */
    return true;
}

bool host_stop_wait(struct host *h, int ms, bool *ended)
{
    struct pollfd p = {.fd = h->line, .events = POLLIN}; /* it hangs up at its end */
    *ended = poll(&p, 1, ms) == 1;
    return *ended ? collect(h, false) : true;
}

bool host_kill(struct host *h)
{
    if (h->child == 0) {
        return fault(h, "no server is running");
    }
    (void)kill(h->child, SIGKILL);
    return collect(h, true);
}

bool host_set(struct host *h, const char *pair)
{
    if (h->sets == HOST_SETS_MAX || strlen(pair) >= HOST_SET_BYTES) {
        return fault(h, "too many settings");
    }
    memcpy(h->set[h->sets++], pair, strlen(pair) + 1);
    if (strcmp(pair, "DEBUG=False") != 0) {
        return true;
    }
    h->hardened = true;
    char path[SCRATCH_PATH];
    char line[HOST_SET_BYTES];
    scratch_path(&h->scratch, "pepper", path);
    if (failed(pepper_file_make(path, h->why))) {
        return false;
    }
    (void)snprintf(line, sizeof line, "PEPPER_FILE=%s", path);
    if (!host_set(h, line)) {
        return false;
    }
    uint8_t key[32];
    char hex[2 * sizeof key + 1];
    rng_fill(key, sizeof key);
    hex_encode((span_t){key, sizeof key}, hex);
    hex[2 * sizeof key] = '\0';
    (void)snprintf(line, sizeof line, "SECRET_KEY=%s", hex);
    return host_set(h, line);
}

bool host_open(struct host *h)
{
    static const char *const first[] = {"DEBUG=True", "HOST=127.0.0.1", "PORT=0",
                                        "LOOPS=2",    "HASH_WORKERS=2", "LOG_LEVEL=error"};
    *h = (struct host){.line = -1, .scratch = scratch_new()};
    void *shared =
        mmap(NULL, sizeof *h->clock, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    MUST(shared != MAP_FAILED);
    h->clock = shared;
    scripted_clock_init(h->clock);
    for (size_t i = 0; i < ARRAY_LEN(first); i++) {
        MUST(host_set(h, first[i]));
    }
    char data[SCRATCH_PATH];
    char line[HOST_SET_BYTES];
    scratch_path(&h->scratch, "data", data);
    (void)snprintf(line, sizeof line, "DATA_DIR=%s", data);
    return host_set(h, line);
}

void host_close(struct host *h)
{
    if (h->child != 0) {
        const bool ended = host_kill(h);
        (void)ended;
    }
    (void)munmap(h->clock, sizeof *h->clock);
    scratch_remove(&h->scratch);
}

void host_control_path(const struct host *h, char out[SCRATCH_PATH])
{
    scratch_path(&h->scratch, "data/control.sock", out);
}
