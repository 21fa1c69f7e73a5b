#include "app/cli/client_wire.h"
#include "app/cli/command.h"
#include "app/cli/options.h"
#include "app/cli/stop_signal.h"
#include "app/cli/whole_file.h"
#include "app/house/descriptors.h"
#include "app/loadtest/loadtest.h"
#include "app/loadtest/loadtest_report.h"
#include "base/util.h"
#include "net/stream.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { TIMEOUT_DEFAULT_MS = 10000, DURATION_DEFAULT_S = 10, FILES_KEPT = 32, UNSET = -1 };

/* Arrays of keystrokes that still fit into one message. */
enum { KEYSTROKES_BATCH_MAX = LIMIT_WS_MESSAGE_BYTES / RHYTHM_EVENT_BYTES - 1 };

struct run_options {
    const char *mix, *tokens, *event, *ca, *tls_name;
    int64_t connections, depth, batch, rate, duration, count, warm_up, ramp, timeout, pid, first,
        sources;
    bool json, plain, allow_remote, insecure, quiet;
};

static int wrong(const char *what, const char *why)
{
    (void)fprintf(stderr, "canara loadtest run: %s: %s (see --help)\n", what, why);
    return EXIT_CODE_USAGE;
}

/* ---- whom to load ---- */

/* A number, never a name: nobody is to be loaded by a slip of a name server. */
static int take_target(const char *url, bool allow_remote, struct client *c, bool *tls,
                       struct load_plan *plan)
{
    if (failed(client_target(c, url, tls))) {
        return wrong(url, c->why);
    }
    const char *const host = strcmp(c->host, "localhost") == 0 ? "127.0.0.1" : c->host;
    if (failed(address_parse((span_t){(const uint8_t *)host, strlen(host)}, &plan->target))) {
        return wrong(url, "needs an address in numbers");
    }
    if (!address_is_loopback(&plan->target) && !allow_remote) {
        return wrong(url, "is not this machine; --allow-remote if it is yours to load");
    }
    plan->target.port = (uint16_t)strtoul(c->port, NULL, 10);
    plan->authority = c->authority;
    return EXIT_CODE_DONE;
}

static int read_ca(const char *path, struct buf *out)
{
    char words[96] = "";
    const err_t e = path == NULL ? ERR_OK : whole_file_read(path, out);
    if (!failed(e)) {
        return EXIT_CODE_DONE;
    }
    return wrong(path, e.code == ERR_IO      ? strerror_r(errno, words, sizeof words)
                       : e.code == ERR_LIMIT ? "is longer than certificates are (64 KiB)"
                                             : "out of memory");
}

/* Whom to believe under TLS: the address that is called, unless the certificate is for another name. */
static int take_trust(const struct run_options *o, const struct client *c, bool tls,
                      struct load_plan *plan)
{
    if (!tls) {
        const char *const idle = o->ca != NULL         ? "--ca"
                                 : o->tls_name != NULL ? "--tls-name"
                                 : o->insecure         ? "--insecure"
                                                       : NULL;
        return idle == NULL ? EXIT_CODE_DONE : wrong(idle, "is for https://");
    }
    CLEANUP(buf_deinit) struct buf ca;
    buf_init(&ca, LIMIT_TLS_PEM_BYTES);
    const int code = read_ca(o->ca, &ca);
    if (code != EXIT_CODE_DONE) {
        return code;
    }
    char why[TLS_WHY_BYTES];
    const struct tls_trust trust = {.name = o->tls_name != NULL ? o->tls_name : c->host,
                                    .ca_name = o->ca,
                                    .ca = buf_span(&ca),
                                    .anybody = o->insecure};
    return failed(tls_client_new(&trust, &plan->tls, why)) ? wrong("https", why) : EXIT_CODE_DONE;
}

static void choose_sources(const struct run_options *o, struct load_plan *plan)
{
    if (!address_is_v4(&plan->target) || !address_is_loopback(&plan->target)) {
        return;
    }
    const int64_t each = plan->tls == NULL ? LOAD_PER_SOURCE : LOAD_PER_SOURCE_TLS;
    const int64_t own = (o->connections + each - 1) / each;
    plan->sources = (uint32_t)(o->sources == UNSET ? own : o->sources);
    plan->source_first = (uint32_t)(o->first / each % LOAD_SOURCES_MAX);
}

/* ---- who loads ---- */

static bool needs(const struct mix *m, bool (*what)(enum scenario s))
{
    bool any = false;
    for (size_t s = 0; s < SCENARIOS; s++) {
        any = any || (m->weight[s] > 0 && what((enum scenario)s));
    }
    return any;
}

static int read_tokens(const struct run_options *o, struct tokens *t)
{
    size_t line = 0;
    const struct tokens_want want = {.skip = (size_t)o->first, .most = (size_t)o->connections};
    const err_t e = tokens_load(o->tokens, want, t, &line);
    if (!failed(e)) {
        return EXIT_CODE_DONE;
    }
    char words[96] = "";
    if (e.code == ERR_IO) {
        return wrong(o->tokens, strerror_r(errno, words, sizeof words));
    }
    (void)snprintf(words, sizeof words, "line %zu is not as `canara loadtest prepare` writes it",
                   line);
    return wrong(o->tokens, e.code == ERR_NOMEM ? "out of memory" : words);
}

/* Connection i is session i: there must be one for each, and an MPIN where it is asked for. */
static int check_sessions(const struct load_plan *plan)
{
    const struct tokens *const t = plan->tokens;
    if (plan->mix.weight[SCENARIO_LOGIN] > 0 && t->logins == 0) {
        return wrong("--mix login", "the tokens file has no logins (prepare --logins)");
    }
    uint8_t *dealt = malloc(plan->connections);
    if (dealt == NULL) {
        return wrong("--connections", "out of memory");
    }
    const char *fault = NULL;
    mix_deal(&plan->mix, dealt, plan->connections);
    for (size_t i = 0; i < plan->connections && fault == NULL; i++) {
        const enum scenario s = (enum scenario)dealt[i];
        if (scenario_needs_session(s) && i >= t->sessions) {
            fault = "the tokens file has not so many sessions behind --first";
        } else if (s == SCENARIO_MPIN && t->session[i].mpin[0] == '\0') {
            fault = "mpin needs sessions of accounts that can log in (prepare --logins)";
        }
    }
    free(dealt);
    return fault == NULL ? EXIT_CODE_DONE : wrong("--connections", fault);
}

static int take_sessions(const struct run_options *o, struct tokens *tokens, struct load_plan *plan)
{
    const bool needed =
        needs(&plan->mix, scenario_needs_session) || plan->mix.weight[SCENARIO_LOGIN] > 0;
    plan->tokens = tokens;
    if (!needed) {
        return EXIT_CODE_DONE;
    }
    if (o->tokens == NULL) {
        return wrong("--tokens", "which sessions? (canara loadtest prepare makes them)");
    }
    const int code = read_tokens(o, tokens);
    return code == EXIT_CODE_DONE ? check_sessions(plan) : code;
}

/* ---- how ---- */

static int take_options(const struct run_options *o, struct load_plan *plan)
{
    if (failed(mix_parse(o->mix, &plan->mix))) {
        return wrong("--mix", "must be names above with weights: events=8,status=2");
    }
    const bool keys = strcmp(o->event, "keystrokes") == 0;
    if (!keys && strcmp(o->event, "typing_pattern") != 0) {
        return wrong("--event", "must be typing_pattern or keystrokes");
    }
    if (keys && o->batch > KEYSTROKES_BATCH_MAX && plan->mix.weight[SCENARIO_BATCHES] > 0) {
        return wrong("--batch", "so many keystrokes are longer than a message may be (50 are not)");
    }
    if (o->pid > 0 && kill((pid_t)o->pid, 0) != 0 && errno == ESRCH) {
        return wrong("--server-pid", "no process has this number");
    }
    if (o->rate > 0 && !needs(&plan->mix, scenario_asks)) {
        return wrong("--rate", "nobody of the mix sends requests");
    }
    plan->event = keys ? RHYTHM_KEYSTROKES : RHYTHM_TYPING_PATTERN;
    plan->sequence = !o->plain;
    plan->connections = (size_t)o->connections;
    plan->depth = (size_t)o->depth;
    plan->batch = (size_t)o->batch;
    plan->per_second = (double)o->rate;
    plan->ramp_ms = o->ramp * MS_PER_S;
    plan->warm_up_ms = o->warm_up * MS_PER_S;
    plan->duration_ms = o->duration * MS_PER_S;
    plan->count = (uint64_t)o->count;
    plan->timeout_ms = o->timeout;
    plan->server_pid = o->pid;
    plan->clock = clock_system();
    return EXIT_CODE_DONE;
}

/* One descriptor a connection; said before, not found out in the middle. */
static int check_files(size_t connections)
{
    descriptors_raise();
    return descriptors_limit() >= connections + FILES_KEPT
               ? EXIT_CODE_DONE
               : wrong("--connections", "more than this process may open (ulimit -n)");
}

/* ---- going ---- */

static void say_progress(void *ctx, const struct load_progress *p)
{
    static const char *const phases[] = {"connecting", "warming up", "measuring", "ending", "done"};
    (void)ctx;
    (void)fprintf(stderr,
                  "%6.1f s  %-10s  %zu of %zu connected  %.0f answers/s  %.0f events/s  "
                  "%llu troubles\n",
                  p->seconds, phases[p->phase], p->connected, p->wanted, p->answers_per_second,
                  p->events_per_second, (unsigned long long)p->troubles);
    (void)fflush(stderr);
}

/* A busy server is a result; a wrong one, or none, is a failure. */
static int verdict(const struct load_plan *plan, const struct load_result *r)
{
    const bool wrong_answers =
        r->tally.trouble[TROUBLE_PROTOCOL] > 0 || r->tally.trouble[TROUBLE_MISMATCH] > 0;
    const bool asks = needs(&plan->mix, scenario_asks) || plan->mix.weight[SCENARIO_STORM] > 0;
    const bool silent = asks ? tally_answers(&r->tally) == 0 : r->connected_most == 0;
    return wrong_answers || silent ? EXIT_CODE_FAILED : EXIT_CODE_DONE;
}

static int go(const struct run_options *o, struct load_plan *plan)
{
    CLEANUP(wire_close) int stop_fd = -1;
    if (failed(stop_signal_open(&stop_fd))) {
        (void)fprintf(stderr, "canara loadtest run: signals cannot be watched\n");
        return EXIT_CODE_FAILED;
    }
    plan->stop_fd = stop_fd;
    plan->progress = o->quiet ? NULL : say_progress;
    struct load_result *r = malloc(sizeof *r);
    if (r == NULL || failed(load_run(plan, r))) {
        free(r);
        (void)fprintf(stderr, "canara loadtest run: out of memory or descriptors\n");
        return EXIT_CODE_FAILED;
    }
    int code = verdict(plan, r);
    if (!o->json) {
        loadtest_report_table(stdout, plan, r);
    } else if (failed(loadtest_report_json(stdout, plan, r))) {
        code = EXIT_CODE_FAILED;
    }
    free(r);
    return code;
}

static int run(const struct run_options *o, const char *url)
{
    struct client client;
    struct load_plan plan = {.stop_fd = -1};
    CLEANUP(tokens_deinit) struct tokens tokens = {0};
    bool tls = false;
    int code = take_target(url, o->allow_remote, &client, &tls, &plan);
    code = code == EXIT_CODE_DONE ? take_options(o, &plan) : code;
    code = code == EXIT_CODE_DONE ? take_sessions(o, &tokens, &plan) : code;
    code = code == EXIT_CODE_DONE ? check_files(plan.connections) : code;
    code = code == EXIT_CODE_DONE ? take_trust(o, &client, tls, &plan) : code;
    if (code == EXIT_CODE_DONE) {
        choose_sources(o, &plan);
        code = go(o, &plan);
    }
    tls_client_free(&plan.tls);
    return code;
}

int loadtest_cmd_run(int argc, char **argv)
{
    struct run_options o = {.mix = "events",
                            .event = "typing_pattern",
                            .connections = 64,
                            .depth = 1,
                            .batch = 32,
                            .duration = DURATION_DEFAULT_S,
                            .warm_up = 1,
                            .timeout = TIMEOUT_DEFAULT_MS,
                            .sources = UNSET};
    /* clang-format off */
    const struct option options[] = {
        {"tokens",      "FILE", "the sessions, as prepare wrote them",                OPTION_TEXT,   &o.tokens, 0, 0},
        {"mix",         "MIX",  "what connections do, with weights (events)",         OPTION_TEXT,   &o.mix, 0, 0},
        {"connections", "N",    "(64), up to 20000; more by more processes, with --first", OPTION_NUMBER, &o.connections, 1, LOAD_CONNECTIONS_MAX},
        {"first",       "K",    "begin behind the first K sessions of the file (0)",  OPTION_NUMBER, &o.first, 0, INT32_MAX},
        {"depth",       "K",    "requests in the air of a socket (1), up to 64",      OPTION_NUMBER, &o.depth, 1, LOAD_DEPTH_MAX},
        {"batch",       "K",    "events of an array (32), up to 256",                 OPTION_NUMBER, &o.batch, 1, LOAD_BATCH_MAX},
        {"event",       "TYPE", "typing_pattern or keystrokes (typing_pattern)",      OPTION_TEXT,   &o.event, 0, 0},
        {"plain",       NULL,   "events without `seq`: fewer bytes, fewer checks",    OPTION_FLAG,   &o.plain, 0, 0},
        {"rate",        "R",    "open loop: so many requests a second, over all (0: closed loop)", OPTION_NUMBER, &o.rate, 0, LOAD_RATE_MAX},
        {"ramp",        "S",    "connect, and let the rate grow, over so many seconds (0)", OPTION_NUMBER, &o.ramp, 0, LOAD_RAMP_MAX_S},
        {"warm-up",     "S",    "seconds before measuring (1), up to 60",             OPTION_NUMBER, &o.warm_up, 0, LOAD_WARM_UP_MAX_S},
        {"duration",    "S",    "seconds of measuring (10), up to 3600",              OPTION_NUMBER, &o.duration, 1, LOAD_DURATION_MAX_S},
        {"count",       "N",    "or until so many answers have come (0: no such end)", OPTION_NUMBER, &o.count, 0, LOAD_COUNT_MAX},
        {"timeout-ms",  "MS",   "for a connection, for an answer (10000)",            OPTION_NUMBER, &o.timeout, 100, LOAD_TIMEOUT_MAX_MS},
        {"sources",     "N",    "loopback addresses to come from (one for 500 connections, for 50 under TLS); 0: the kernel's choice", OPTION_NUMBER, &o.sources, 0, LOAD_SOURCES_MAX},
        {"server-pid",  "PID",  "measure the CPU of this process, too",               OPTION_NUMBER, &o.pid, 1, INT32_MAX},
        {"allow-remote", NULL,  "load another machine, which is yours to load",       OPTION_FLAG,   &o.allow_remote, 0, 0},
        {"ca",          "FILE", "https: certificates to trust, PEM (those of this system)", OPTION_TEXT, &o.ca, 0, 0},
        {"tls-name",    "NAME", "https: the server's name in its certificate (HOST)", OPTION_TEXT,   &o.tls_name, 0, 0},
        {"insecure",    NULL,   "https: whatever certificate the server shows",       OPTION_FLAG,   &o.insecure, 0, 0},
        {"json",        NULL,   "one line of JSON instead of a table",                OPTION_FLAG,   &o.json, 0, 0},
        {"quiet",       NULL,   "no progress on stderr",                              OPTION_FLAG,   &o.quiet, 0, 0},
    };
    /* clang-format on */
    const struct option_spec spec = {
        .command = "canara loadtest run",
        .usage = "http[s]://HOST:PORT",
        .about = "Put a bounded load on a server, and say what it did.\n\n"
                 "events   a socket, an event a message      status   GET session-status\n"
                 "batches  a socket, an array a message      summary  GET behavior-summary\n"
                 "idle     a socket that says nothing        login    POST login\n"
                 "storm    connect, be greeted, hang up      mpin     POST verify-mpin\n"
                 "echo, ws-echo: to servers that only send back, for comparison\n\n"
                 "Leaves with 1 when nothing was answered, or something wrong was; being refused\n"
                 "with 429, 503 or 1013 is a figure. docs/load-testing.md explains all of it.",
        .option = options,
        .options = ARRAY_LEN(options),
        .words_min = 1,
        .words_max = 1,
    };
    struct option_words words = {0};
    switch (options_read(&spec, argc, argv, &words)) {
    case OPTIONS_HELP: return EXIT_CODE_DONE;
    case OPTIONS_FAULT: return EXIT_CODE_USAGE;
    case OPTIONS_OK: break;
    }
    return run(&o, words.word[0]);
}
