/* canara serve: the server itself. */
#include "app/cli/command.h"
#include "app/cli/options.h"
#include "app/house/handover.h"
#include "app/house/house.h"
#include "app/house/house_commands.h"
#include "app/house/notify.h"
#include "app/house/say.h"
#include "app/settings/settings.h"
#include "base/util.h"
#include "domain/sessions/checkpoint_keeper.h"
#include "net/loop.h"
#include "net/signals.h"
#include "net/stream.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME "canara serve"

enum { HANDOVER_SAVE_MS = 20000, TAKE_BACK_EVERY_MS = 500 };

struct main_loop {
    struct loop loop;
    struct signals signals;
    struct watch drain, pair;
    struct house *house;
    struct kit kit; /* of all its lives */
    struct asked asked;
    const struct settings *settings;
    struct inherited inherited;
    struct handover handover;
    int store_lock;   /* held from the first start to the end of the process, over handovers, too */
    const char *last; /* how the last handover went */
    mono_t prepare_by;
    mono_t paused; /* when the old one began to stop */
    bool pause;    /* DATA_DIR is given back, or about to be, or not yet ours: there is no house */
    bool stop;     /* asked for, by whomever */
    bool renew;    /* SIGUSR2 came before there was anything to hand over */
    bool reload;   /* asked for in the pause: whoever comes out of it hears of it */
    bool release;  /* the new process is prepared: go for it */
    bool answers;  /* and has taken over */
};

static void say_why(const char *why)
{
    say(STDERR_FILENO, NAME ": %s", why);
}

/* ---- handing over ---- */

static void handover_failed(struct main_loop *m, const char *why)
{
    log_event(m->house->log, LOG_ERROR, "handover.failed", FIELD_TEXT("why", why));
    if (m->pair.fd >= 0) {
        loop_unwatch(&m->loop, &m->pair);
        m->pair.fd = -1;
    }
    handover_give_up(&m->handover);
    handover_end(&m->handover);
    m->last = "failed";
    atomic_store(&m->house->api.handover, m->last);
}

/* The new process speaks, or has gone. */
static void on_pair(struct watch *watch, uint32_t events)
{
    (void)events;
    struct main_loop *m = CONTAINER_OF(watch, struct main_loop, pair);
    if (!handover_hears(&m->handover, HANDOVER_PREPARED, 0)) {
        handover_failed(m, "the new process ended, or refused its settings or files: it said why");
        return;
    }
    loop_unwatch(&m->loop, &m->pair);
    m->pair.fd = -1;
    m->release = true;
}

static void handover_begin(struct main_loop *m)
{
    if (m->handover.pair >= 0) {
        log_event(m->house->log, LOG_WARN, "handover.refused",
                  FIELD_TEXT("why", "one is going on"));
        return;
    }
    log_event(m->house->log, LOG_NOTICE, "handover.begun");
    m->last = "running";
    atomic_store(&m->house->api.handover, m->last);
    house_note_time(m->house); /* the new one compares with it before it asks for DATA_DIR */
    if (failed(handover_keep_sockets(&m->handover, m->house->server)) ||
        failed(handover_start(&m->handover, m->store_lock))) {
        handover_failed(m, "the new process cannot be started");
        return;
    }
    m->prepare_by = mono_after_ms(clock_mono(clock_system()), HANDOVER_PREPARE_MS);
    m->pair = (struct watch){.fd = m->handover.pair, .events = EPOLLIN, .ready = on_pair};
    if (failed(loop_watch(&m->loop, &m->pair))) {
        m->pair.fd = -1;
        handover_failed(m, "no descriptor to wait with");
    }
}

/* ---- the loop of the main thread ---- */

static void say_alone(const char *event, log_field_t what)
{
    struct log *log = log_new(STDERR_FILENO, LOG_JSON, LOG_INFO, clock_system());
    if (log != NULL) {
        log_event(log, LOG_NOTICE, event, what);
        log_free(&log);
    }
}

static void on_signal_in_pause(struct main_loop *m, int number)
{
    m->reload = m->reload || number == SIGHUP;
    m->renew = m->renew || (number == SIGUSR2 && m->handover.pair < 0);
    if (number == SIGTERM || number == SIGINT) {
        say_alone("server.stopping", FIELD_INT("signal", number));
        m->stop = true;
    }
}

static void reload_certificates(struct main_loop *m)
{
    char why[COURIER_WHY_BYTES];
    m->reload = false;
    (void)failed(m->house->api.courier->reload(m->house->api.courier, why)); /* it is logged */
}

static void on_signal(struct signals *signals, int number)
{
    struct main_loop *m = CONTAINER_OF(signals, struct main_loop, signals);
    if (m->pause) {
        on_signal_in_pause(m, number);
        return;
    }
    if (number == SIGHUP) {
        reload_certificates(m);
        return;
    }
    if (number == SIGUSR2) {
        handover_begin(m);
        return;
    }
    if (number == SIGUSR1) { /* of no meaning here; it ends what does not expect it */
        log_event(m->house->log, LOG_NOTICE, "signal.ignored", FIELD_INT("signal", number));
        return;
    }
    log_event(m->house->log, LOG_NOTICE, "server.stopping", FIELD_INT("signal", number));
    m->stop = true;
}

static void on_drain(struct watch *watch, uint32_t events)
{
    (void)events;
    struct main_loop *m = CONTAINER_OF(watch, struct main_loop, drain);
    log_event(m->house->log, LOG_NOTICE, "server.stopping",
              FIELD_TEXT("by", server_drained_by(m->house->server)));
    m->stop = true;
}

/* Until somebody wants it to stop, or a new process is ready to take over. */
static err_t wait_for_the_end(struct main_loop *m)
{
    m->drain = (struct watch){
        .fd = server_drain_fd(m->house->server), .events = EPOLLIN, .ready = on_drain};
    TRY(loop_watch(&m->loop, &m->drain));
    err_t e = ERR_OK;
    while (!m->stop && !m->release && !failed(e)) {
        const bool waits = m->handover.pair >= 0;
        const int64_t left = mono_ms_between(clock_mono(clock_system()), m->prepare_by);
        e = loop_run_once(&m->loop, !waits ? -1 : left > 0 ? (int)left + 1 : 0);
        if (waits && m->pair.fd >= 0 && left <= 0) {
            handover_failed(m, "the new process took too long");
        }
    }
    loop_unwatch(&m->loop, &m->drain);
    return e;
}

/* Where to look, for a person or a script: one line each, at once. */
static void print_addresses(const struct settings *s, uint16_t port)
{
    const bool v6 = strchr(s->host, ':') != NULL;
    char base[SETTING_WORD_BYTES + 32];
    (void)snprintf(base, sizeof base, v6 ? "%s://[%s]:%u" : "%s://%s:%u",
                   settings_have_tls(s) ? "https" : "http", s->host, (unsigned)port);
    say(STDOUT_FILENO, "listening on %s", base);
    say(STDOUT_FILENO, "  documentation  %s/docs", base);
    say(STDOUT_FILENO, "  health         %s/health", base);
    say(STDOUT_FILENO, "  metrics        %s/metrics", base);
    say(STDOUT_FILENO, "  data           %s", s->data_dir);
}

/* ---- one life: from a start to a stop ---- */

enum life_end { LIFE_NOT_BEGUN, LIFE_FAILED, LIFE_DONE, LIFE_HANDED_OVER };

/* A start may take long; who stops it does not wait for its end. */
static bool is_to_stop(void *ctx)
{
    struct main_loop *m = ctx;
    (void)failed(loop_run_once(&m->loop, 0));
    return m->stop;
}

static bool start_house(struct main_loop *m)
{
    m->asked = (struct asked){.to_stop = is_to_stop, .ctx = m};
    *m->house = (struct house){.kit = &m->kit,
                               .asked = &m->asked,
                               .inherited = m->inherited.fd,
                               .inherited_count = m->inherited.count,
                               .handover = m->last,
                               .store_lock = &m->store_lock};
    if (failed(house_up(m->house, m->settings, clock_system()))) {
        return false;
    }
    m->house->service.asked = NULL; /* only a start is ended so */
    m->pause = false;
    notify_manager("READY=1");
    inherited_tell_ready(&m->inherited);
    inherited_close(&m->inherited); /* the house has its own copies */
    print_addresses(m->settings, server_port(m->house->server));
    if (m->reload) {
        reload_certificates(m);
    }
    if (m->renew && !m->stop) {
        m->renew = false;
        handover_begin(m);
    }
    return true;
}

/* The more is in a checkpoint, the less is left for the pause, in which nobody serves. False: a stop or a
 * drain was asked for meanwhile. */
static bool save_for_handover(struct main_loop *m)
{
    if (!m->stop && m->house->checkpoints != NULL) {
        (void)checkpoint_keeper_hurry(m->house->checkpoints, HANDOVER_SAVE_MS);
    }
    return !m->stop && !failed(loop_run_once(&m->loop, 0)) && !m->stop &&
           !server_is_draining(m->house->server);
}

static enum life_end live_once(struct main_loop *m)
{
    struct house *h = m->house;
    m->release = false;
    m->pause = true;
    if (!start_house(m)) {
        return LIFE_NOT_BEGUN;
    }
    const err_t ended = wait_for_the_end(m);
    const bool saved = m->release && !failed(ended) && save_for_handover(m);
    const bool lost = journal_state_of(h->service.journal) == JOURNAL_FAILED;
    const bool release = saved && !lost;
    if (m->handover.pair >= 0 && !release) {
        handover_failed(m, "the server stops");
    }
    if (!release) {
        notify_manager("STOPPING=1");
    }
    if (lost) {
        say_why("the journal could not be written; what was acknowledged is safe, start again to "
                "recover");
    }
    m->paused = clock_mono(clock_system());
    m->pause = true;
    house_down(h);
    return failed(ended) || lost ? LIFE_FAILED : release ? LIFE_HANDED_OVER : LIFE_DONE;
}

static void on_answer(struct watch *watch, uint32_t events)
{
    (void)events;
    struct main_loop *m = CONTAINER_OF(watch, struct main_loop, pair);
    m->answers = handover_hears(&m->handover, HANDOVER_ANSWERS, 0);
    loop_unwatch(&m->loop, watch);
    watch->fd = -1;
}

/* Give DATA_DIR away, and wait for an answer, for its absence, or for a stop. */
static bool is_taken_over(struct main_loop *m)
{
    m->answers = false;
    m->pair = (struct watch){.fd = m->handover.pair, .events = EPOLLIN, .ready = on_answer};
    if (failed(loop_watch(&m->loop, &m->pair))) {
        m->pair.fd = -1;
        return false;
    }
    const mono_t until = mono_after_ms(clock_mono(clock_system()), HANDOVER_READY_MS);
    int64_t left = handover_says(&m->handover, HANDOVER_GO) ? HANDOVER_READY_MS : 0;
    while (!m->stop && m->pair.fd >= 0 && left > 0 && !failed(loop_run_once(&m->loop, (int)left))) {
        left = mono_ms_between(clock_mono(clock_system()), until);
    }
    if (m->pair.fd >= 0) {
        loop_unwatch(&m->loop, &m->pair);
        m->pair.fd = -1;
    }
    (void)failed(loop_run_once(&m->loop, 0)); /* what was asked for up to now */
    return m->answers;
}

enum pause_end { PAUSE_OVER, PAUSE_TAKEN_BACK };

/* Nobody wants a server any more: neither we nor the new one go on. */
static enum pause_end stop_both(struct main_loop *m)
{
    notify_manager("STOPPING=1");
    handover_stop_new(&m->handover);
    return PAUSE_OVER;
}

/* DATA_DIR is free. */
static enum pause_end let_go(struct main_loop *m)
{
    char main_pid[64];
    (void)snprintf(main_pid, sizeof main_pid, "MAINPID=%ld", (long)m->handover.child);
    (void)failed(loop_run_once(&m->loop, 0)); /* it has had no turn while we stopped */
    const bool answers = !m->stop && is_taken_over(m);
    const int64_t pause_ms = mono_ms_between(m->paused, clock_mono(clock_system()));
    if (m->stop) {
        return stop_both(m);
    }
    if (answers) {
        notify_manager(main_pid);
        say_alone("handover.done", FIELD_INT("pause_ms", pause_ms));
        if (m->reload) {
            (void)kill(m->handover.child, SIGHUP);
        }
        return PAUSE_OVER;
    }
    handover_give_up(&m->handover);
    say_alone("handover.taken_back", FIELD_INT("pause_ms", pause_ms));
    m->last = "failed";
    m->inherited = m->handover.sockets; /* and we start again on them */
    m->inherited.pair = -1;
    m->handover.sockets.count = 0;
    return PAUSE_TAKEN_BACK;
}

/* DATA_DIR is ours again and something on it will not do, or memory is short. Connections wait in the
 * backlog, and an operator can mend it; to end now would be a service that is gone for good. */
static bool wait_to_try_again(struct main_loop *m, const char *last)
{
    if (!m->stop && strcmp(last, m->house->why) != 0) {
        say_alone("handover.cannot_take_back", FIELD_TEXT("why", m->house->why));
    }
    const mono_t until = mono_after_ms(clock_mono(clock_system()), TAKE_BACK_EVERY_MS);
    for (int64_t left = TAKE_BACK_EVERY_MS; !m->stop && left > 0;) {
        if (failed(loop_run_once(&m->loop, (int)left))) {
            return false;
        }
        left = mono_ms_between(clock_mono(clock_system()), until);
    }
    return !m->stop;
}

/* After a handover that came to nothing. */
static enum life_end live_on(struct main_loop *m)
{
    char last[HOUSE_WHY_BYTES] = "";
    enum life_end end = live_once(m);
    while (end == LIFE_NOT_BEGUN) {
        if (!wait_to_try_again(m, last)) {
            return m->stop ? LIFE_DONE : LIFE_FAILED;
        }
        (void)snprintf(last, sizeof last, "%s", m->house->why);
        kit_keys_again(&m->kit,
                       m->settings); /* the database may have a pepper of the new one by now */
        end = live_once(m);
    }
    return end;
}

static int live(struct main_loop *m)
{
    enum life_end end = live_once(m);
    if (end == LIFE_NOT_BEGUN && m->stop) {
        end = LIFE_DONE;
    } else if (end == LIFE_NOT_BEGUN) {
        say_why(m->house->why);
    }
    while (end == LIFE_HANDED_OVER) {
        end = let_go(m) == PAUSE_OVER ? LIFE_DONE : live_on(m);
    }
    handover_end(&m->handover);
    inherited_close(&m->inherited);
    return end == LIFE_DONE ? EXIT_CODE_DONE : EXIT_CODE_FAILED;
}

/* With a server before us: read and look at everything while that one serves, and only then ask for
 * DATA_DIR. What is read is kept. */
static bool take_over(struct main_loop *m)
{
    if (m->inherited.pair < 0) {
        return true;
    }
    *m->house = (struct house){
        .kit = &m->kit, .inherited = m->inherited.fd, .inherited_count = m->inherited.count};
    if (failed(house_look(m->house, m->settings, clock_system()))) {
        say_why(m->house->why);
        return false;
    }
    if (failed(inherited_await(&m->inherited))) {
        say_why("the server before did not hand over");
        return false;
    }
    return true;
}

static int serve_with(struct main_loop *m)
{
    m->pair.fd = -1;
    handover_init(&m->handover);
    if (!take_over(m)) {
        return EXIT_CODE_FAILED;
    }
    /* Signals first: threads that are started later inherit the blocked mask. */
    if (failed(loop_init(&m->loop, clock_system())) ||
        failed(signals_init(&m->signals, &m->loop, on_signal))) {
        say_why("signals cannot be watched");
        return EXIT_CODE_FAILED;
    }
    const int code = live(m);
    signals_deinit(&m->signals);
    loop_deinit(&m->loop);
    return code;
}

static int serve(struct main_loop *m)
{
    m->house = calloc(1, sizeof *m->house);
    if (m->house == NULL) {
        say_why("out of memory");
        return EXIT_CODE_FAILED;
    }
    const int code = serve_with(m);
    kit_close(&m->kit);
    free(m->house);
    return code;
}

static err_t load_settings(const struct option_sets *sets, struct settings *out)
{
    struct settings_report report;
    const err_t answer = settings_load_here(sets, out, &report);
    for (size_t i = 0; i < report.warnings; i++) {
        say(STDERR_FILENO, NAME ": warning: %s", report.warning[i]);
    }
    if (failed(answer)) {
        say_why(report.fault);
    }
    return answer;
}

int cmd_serve(int argc, char **argv)
{
    signals_hold(); /* what is asked for from now on is done after the start */
    struct option_sets sets = {0};
    const struct option options[] = {
        {.name = "set",
         .operand = "NAME=VALUE",
         .help = "a setting that wins over all others; may come again",
         .kind = OPTION_SET,
         .into = &sets},
    };
    const struct option_spec spec = {
        .command = NAME,
        .about =
            "Run the server until SIGTERM or `canara ctl drain`. Settings come from --set, the\n"
            "environment and a .env file in the working directory; canara check-config\n"
            "prints them, docs/configuration.md explains them.",
        .option = options,
        .options = ARRAY_LEN(options),
    };
    struct option_words words = {0};
    switch (options_read(&spec, argc, argv, &words)) {
    case OPTIONS_HELP: return EXIT_CODE_DONE;
    case OPTIONS_FAULT: return EXIT_CODE_USAGE;
    case OPTIONS_OK: break;
    }

    CLEANUP(settings_wipe) struct settings settings = {0};
    struct main_loop m = {.settings = &settings, .inherited.pair = -1, .store_lock = -1};
    if (failed(load_settings(&sets, &settings))) {
        return EXIT_CODE_FAILED;
    }
    if (failed(inherited_take(&m.inherited, &m.store_lock))) {
        say_why("the sockets of LISTEN_FDS are not open");
        return EXIT_CODE_FAILED;
    }
    const int code = serve(&m);
    stream_close(&m.store_lock);
    return code;
}
