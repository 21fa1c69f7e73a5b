/* canara simulate: customers and attackers out of a seed, into a file or against a server. */
#include "app/cli/client_wire.h"
#include "app/cli/command.h"
#include "app/cli/options.h"
#include "app/cli/stop_signal.h"
#include "app/cli/whole_file.h"
#include "app/simulate/measure.h"
#include "app/simulate/simulate.h"
#include "app/simulate/simulate_commands.h"
#include "base/fd.h"
#include "base/util.h"
#include "codec/json_write.h"
#include "codec/time_text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define FIRST_DAY "2025-06-24T09:00:00.000Z"

enum { SUMMARY_BYTES = 1024 };

struct simulate_options {
    const char *kind, *start, *out, *live, *measure, *model;
    int64_t seed, persons, sessions, minutes, speed, people, random;
    bool json;
};

static int wrong(const char *what, const char *why)
{
    (void)fprintf(stderr, "canara simulate: %s: %s (see canara simulate --help)\n", what, why);
    return EXIT_CODE_USAGE;
}

/* ---- into a file ---- */

static int broken(const char *what)
{
    (void)fprintf(stderr, "canara simulate: %s\n", what);
    return EXIT_CODE_FAILED;
}

static int of_lines(err_t e)
{
    return !failed(e)
               ? EXIT_CODE_DONE
               : broken(e.code == ERR_NOMEM ? "out of memory" : "the lines cannot be written");
}

static int of_path(const char *path)
{
    char words[96] = "";
    (void)fprintf(stderr, "canara simulate: %s: %s\n", path,
                  strerror_r(errno, words, sizeof words));
    return EXIT_CODE_FAILED;
}

/* The lines, into the descriptor, which stays open. */
static err_t write_lines(const struct simulate *s, int fd, int stop_fd)
{
    int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    FILE *const out = own < 0 ? NULL : fdopen(own, "w");
    if (out == NULL) {
        fd_close(&own);
        return err_new(ERR_IO);
    }
    uint64_t events = 0;
    const err_t e = simulate_write(s, out, stop_fd, &events);
    return fclose(out) != 0 && !failed(e) ? err_new(ERR_IO) : e;
}

/* There may be more lines than memory: a draft beside the file, which goes when a signal comes. */
static int write_file(const struct simulate *s, const char *path)
{
    CLEANUP(whole_file_deinit) struct whole_file file = {.fd = -1};
    CLEANUP(fd_close) int stop_fd = -1;
    if (failed(stop_signal_open(&stop_fd))) {
        return broken("signals cannot be watched");
    }
    if (failed(whole_file_begin(&file, path))) {
        return of_path(path);
    }
    const err_t e = write_lines(s, file.fd, stop_fd);
    const int number = stop_signal_take(stop_fd);
    if (number > 0) {
        return EXIT_CODE_SIGNAL + number;
    }
    if (failed(e)) {
        return of_lines(e);
    }
    return failed(whole_file_done(&file)) ? of_path(path) : EXIT_CODE_DONE;
}

static int write_console(const struct simulate *s)
{
    uint64_t events = 0;
    return of_lines(simulate_write(s, stdout, -1, &events));
}

/* ---- against a server ---- */

static void number(struct json_writer *w, const char *name, uint64_t value)
{
    json_name(w, name);
    json_uint(w, value);
}

static void print_summary(const struct simulate *s, const struct simulate_totals *t)
{
    char text[SUMMARY_BYTES];
    struct json_writer w;
    json_writer_init_fixed(&w, text, sizeof text);
    json_begin_object(&w);
    json_name(&w, "kind");
    json_cstr(&w, s->kind == PERSONA_OWNER ? "person" : persona_kind_name(s->kind));
    number(&w, "seed", s->seed);
    number(&w, "persons", s->persons);
    number(&w, "sessions", t->sessions);
    number(&w, "sent", t->sent);
    number(&w, "acknowledged", t->acknowledged);
    number(&w, "challenges", t->challenges);
    number(&w, "mpin_passed", t->mpin_passed);
    number(&w, "blocks", t->blocks);
    number(&w, "refused", t->refused);
    number(&w, "throttled", t->throttled);
    number(&w, "errors", t->errors);
    if (t->first_error[0] != '\0') {
        json_name(&w, "first_error");
        json_cstr(&w, t->first_error);
    }
    json_end_object(&w);
    const span_t all = json_written(&w);
    (void)printf("%.*s\n", (int)all.len, (const char *)all.ptr);
}

static int play_live(const struct simulate *s, const char *url)
{
    CLEANUP(wire_close) int stop_fd = -1;
    if (failed(stop_signal_open(&stop_fd))) {
        (void)fprintf(stderr, "canara simulate: signals cannot be watched\n");
        return EXIT_CODE_FAILED;
    }
    struct simulate_totals totals;
    if (failed(simulate_live(s, url, stop_fd, &totals))) {
        (void)fprintf(stderr, "canara simulate: %s\n", totals.first_error);
        return EXIT_CODE_USAGE;
    }
    print_summary(s, &totals);
    return totals.errors == 0 ? EXIT_CODE_DONE : EXIT_CODE_FAILED;
}

/* ---- options ---- */

static int run(const struct simulate_options *o)
{
    if (o->measure != NULL) {
        return measure_command(&(struct measure_options){.name = o->measure,
                                                         .model = o->model,
                                                         .seed = (uint64_t)o->seed,
                                                         .people = (size_t)o->people,
                                                         .random_percent = (unsigned)o->random,
                                                         .json = o->json});
    }
    struct simulate s = {.seed = (uint64_t)o->seed,
                         .persons = (unsigned)o->persons,
                         .sessions = (unsigned)o->sessions,
                         .minutes = o->minutes,
                         .speed = o->speed};
    const bool person = strcmp(o->kind, "person") == 0;
    if (!persona_kind_find(person ? "owner" : o->kind, &s.kind)) {
        return wrong("--kind", "must be person, other, bot, replay, remote_control or "
                               "credential_stuffing");
    }
    const span_t start = {(const uint8_t *)o->start, strlen(o->start)};
    if (failed(time_parse(start, &s.start))) {
        return wrong("--start", "must be a time like " FIRST_DAY);
    }
    if (o->live != NULL && o->out != NULL) {
        return wrong("--live, --out", "exclude each other");
    }
    if (o->live != NULL && o->persons > SIMULATE_LIVE_PERSONS_MAX) {
        return wrong("--persons", "must be at most 200 with --live");
    }
    if (o->live == NULL && s.kind == PERSONA_STUFFER) {
        return wrong("--kind credential_stuffing",
                     "never has a session, so it leaves no lines: needs --live");
    }
    if (o->live != NULL) {
        return play_live(&s, o->live);
    }
    const bool console = o->out == NULL || strcmp(o->out, "-") == 0;
    return console ? write_console(&s) : write_file(&s, o->out);
}

int cmd_simulate(int argc, char **argv)
{
    struct simulate_options o = {.kind = "person",
                                 .start = FIRST_DAY,
                                 .seed = 1,
                                 .persons = 3,
                                 .sessions = 2,
                                 .minutes = SIMULATE_MINUTES_MAX,
                                 .speed = 1,
                                 .people = 40};
    /* clang-format off */
    const struct option options[] = {
        {"kind",     "KIND", "one of the kinds above (person)", OPTION_TEXT, &o.kind, 0, 0},
        {"seed",     "N",    "other people, other days (1)",                     OPTION_NUMBER, &o.seed, 0, INT64_MAX},
        {"persons",  "K",    "how many (3), up to 10000; with --live 200",       OPTION_NUMBER, &o.persons, 1, SIMULATE_PERSONS_MAX},
        {"sessions", "M",    "of each person (2), up to 1000",                   OPTION_NUMBER, &o.sessions, 1, SIMULATE_SESSIONS_MAX},
        {"minutes",  "T",    "cut each session after so long (20); they last 3 to 12", OPTION_NUMBER, &o.minutes, 1, SIMULATE_MINUTES_MAX},
        {"start",    "TIME", "begin of the first day (" FIRST_DAY ")",           OPTION_TEXT, &o.start, 0, 0},
        {"out",      "FILE", "write buffer-file lines there, replaced as a whole; - is stdout (-)",   OPTION_TEXT, &o.out, 0, 0},
        {"live",     "URL",  "play against the server at http://HOST:PORT instead", OPTION_TEXT, &o.live, 0, 0},
        {"speed",    "X",    "with --live: so many times faster (1), up to 1000", OPTION_NUMBER, &o.speed, 1, SIMULATE_SPEED_MAX},
        {"measure",  "NAME", "measure attacks instead: one of those above, or all", OPTION_TEXT, &o.measure, 0, 0},
        {"people",   "N",    "with --measure: how many owners (40), up to 1000",  OPTION_NUMBER, &o.people, 2, MEASURE_PEOPLE_MAX},
        {"random-challenge", "PERCENT", "with --measure: logins of patient attackers asked for the MPIN by lot (0)", OPTION_NUMBER, &o.random, 0, 100},
        {"model",    "FILE", "with --measure: people in general; else made from other seeds", OPTION_TEXT, &o.model, 0, 0},
        {"json",     NULL,   "with --measure: JSON instead of a table",          OPTION_FLAG, &o.json, 0, 0},
    };
    /* clang-format on */
    const struct option_spec spec = {
        .command = "canara simulate",
        .about =
            "Write sessions of simulated people, as lines\n"
            "{\"timestamp\",\"event_type\",\"data\",\"session_id\",\"user_email\"}, the same bytes for "
            "the same\noptions; or play them against a running server.\n\n"
            "person               owners, each with habits of their own\n"
            "other                somebody else at the owner's account\n"
            "bot                  a script: superhuman, or regular as a metronome\n"
            "replay               the owner's first session, recorded, over and over\n"
            "remote_control       somebody else through remote control\n"
            "credential_stuffing  rounds of 40 logins with leaked passwords; only with --live\n\n"
            "--measure NAME plays simulated people through the engine itself, without a server:\n\n" MEASURE_NAMES
            "all        one after the other\n\n"
            "With --live new accounts are registered (the server may ask to wait: REGISTER_PER_\n"
            "ADDRESS), persons answer a challenge with the right MPIN, nobody else does. Progress\n"
            "goes to a terminal, a JSON summary to stdout. Leaves with 1 when there were errors.",
        .option = options,
        .options = ARRAY_LEN(options),
    };
    switch (options_read(&spec, argc, argv, NULL)) {
    case OPTIONS_HELP: return EXIT_CODE_DONE;
    case OPTIONS_FAULT: return EXIT_CODE_USAGE;
    case OPTIONS_OK: break;
    }
    return run(&o);
}
