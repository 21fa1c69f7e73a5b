/* canara replay: the batch path. Buffer files in, a score with its reasons for each session out; and
 * back into a running server, if asked to. */
#include "app/cli/command.h"
#include "app/cli/options.h"
#include "app/cli/progress.h"
#include "app/cli/unix_client.h"
#include "app/evaluate/evaluate_commands.h"
#include "app/evaluate/model_bytes.h"
#include "app/evaluate/replay.h"
#include "app/operate/ctl.h"
#include "base/util.h"
#include "codec/json_write.h"
#include "lab/sets/buffers.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { WORDS_MAX = 4096, MODEL_MAX = 64 * 1024 * 1024, LINE_BYTES = 64 * 1024 };

enum { BODY_BYTES = 6 * DATASET_NAME_LONGEST + 128 }; /* a name in which every byte is escaped */

struct given {
    const char *model, *learn, *data_dir;
    bool apply, table;
    struct option_words files;
};

/* What one run holds. */
struct run {
    const struct given *given;
    bool learn;
    struct buf model_bytes;
    struct canara_model *model;
    struct buffers *buffers;
    struct replay *replay;
    struct buf line;
    char socket[CTL_PATH_BYTES];
    size_t secrets, applied, not_live, refused;
};

static int broken(const char *about, const char *what)
{
    (void)fprintf(stderr, "canara replay: %s: %s\n", about, what);
    return EXIT_CODE_FAILED;
}

/* ---- one session, shown ---- */

static void write_reasons(struct json_writer *w, const struct replay_result *r)
{
    json_name(w, "reasons");
    json_begin_array(w);
    for (size_t i = 0; i < r->reasons; i++) {
        json_begin_object(w);
        json_name(w, "name");
        json_cstr(w, r->reason[i].name);
        json_name(w, "nats");
        json_fixed(w, r->reason[i].nats, 3);
        json_end_object(w);
    }
    json_end_array(w);
}

static err_t show_json(struct run *run, const struct buffer_session *s,
                       const struct replay_result *r)
{
    struct json_writer w;
    buf_clear(&run->line);
    json_writer_init(&w, &run->line);
    json_begin_object(&w);
    json_name(&w, "session_id");
    json_cstr(&w, s->id);
    json_name(&w, "user_email");
    json_cstr(&w, s->email);
    json_name(&w, "events");
    json_uint(&w, s->events);
    json_name(&w, "secrets_skipped");
    json_uint(&w, s->secrets);
    json_name(&w, "risk_score");
    json_fixed(&w, r->verdict.risk, 6);
    json_name(&w, "risk_level");
    json_cstr(&w, canara_level_name(r->verdict.level));
    write_reasons(&w, r);
    json_name(&w, "learning");
    json_cstr(&w, canara_learning_name(r->learning.state));
    json_end_object(&w);
    TRY(json_finish(&w));
    (void)printf("%.*s\n", (int)run->line.len, (const char *)run->line.ptr);
    return ERR_OK;
}

static void show_row(const struct buffer_session *s, const struct replay_result *r)
{
    (void)printf("%-36.64s %-28.64s %6zu %6.3f %-9s", s->id, s->email, s->events, r->verdict.risk,
                 canara_level_name(r->verdict.level));
    for (size_t i = 0; i < r->reasons && i < 3; i++) {
        (void)printf("%s%s %+.1f", i == 0 ? " " : ", ", r->reason[i].name, r->reason[i].nats);
    }
    (void)printf("\n");
}

/* ---- one result, told to the server ---- */

/* A session that is not live any more is no fault: most in the files are not. */
static int tell(struct run *run, const struct buffer_session *s, double risk)
{
    char body[BODY_BYTES];
    struct json_writer w;
    json_writer_init_fixed(&w, body, sizeof body);
    json_begin_object(&w);
    json_name(&w, "session_id");
    json_cstr(&w, s->id);
    json_name(&w, "predicted_risk_score");
    json_number(&w, risk);
    json_end_object(&w);
    const struct unix_request request = {
        .path = run->socket, .method = "POST", .target = "/ctl/analysis", .body = json_written(&w)};
    char why[UNIX_WHY_BYTES] = "";
    CLEANUP(unix_answer_deinit) struct unix_answer answer;
    unix_answer_init(&answer);
    if (unix_ask(&request, &answer, why) != UNIX_ANSWERED) {
        return broken("--apply", why);
    }
    const bool good = answer.status >= 200 && answer.status < 300;
    /* 403: blocked already; 422: a name that no session of the server has */
    const bool gone = answer.status == 404 || answer.status == 403 || answer.status == 422;
    run->applied += good ? 1 : 0;
    run->not_live += gone ? 1 : 0;
    if (!good && !gone) {
        (void)fprintf(stderr, "canara replay: --apply: %s: the server answers %u\n", s->id,
                      answer.status);
        run->refused++;
    }
    return EXIT_CODE_DONE;
}

/* ---- all of it ---- */

static int replay_one(struct run *run, size_t number)
{
    const struct buffer_session s = buffers_session(run->buffers, number);
    struct replay_result result;
    const err_t e = replay_session_of(run->replay, &s, &result);
    if (failed(e)) {
        return broken(s.id, e.code == ERR_FORMAT ? "a time or a value is out of range"
                                                 : "the memory is used up");
    }
    run->secrets += s.secrets;
    if (run->given->table) {
        show_row(&s, &result);
    } else if (failed(show_json(run, &s, &result))) {
        return broken(s.id, "the memory is used up");
    }
    return run->given->apply ? tell(run, &s, result.verdict.risk) : EXIT_CODE_DONE;
}

static int replay_all(struct run *run)
{
    struct progress progress;
    const bool quiet = isatty(STDOUT_FILENO) != 0; /* the lines themselves are the progress */
    progress_init(&progress, "canara replay", clock_system(), !quiet && isatty(STDERR_FILENO) != 0);
    if (run->given->table) {
        (void)printf("%-36s %-28s %6s %6s %-9s %s\n", "session", "user", "events", "risk", "level",
                     "reasons, nats");
    }
    const size_t all = buffers_sessions(run->buffers);
    int code = EXIT_CODE_DONE;
    for (size_t i = 0; i < all && code == EXIT_CODE_DONE; i++) {
        code = replay_one(run, i);
        progress_at(&progress, i + 1, all);
    }
    progress_deinit(&progress);
    return code;
}

static void sum_up(const struct run *run)
{
    if (run->secrets > 0) {
        (void)fprintf(stderr,
                      "canara replay: %zu events of secret typing are skipped: buffer files keep "
                      "only the number of their keys\n",
                      run->secrets);
    }
    if (run->given->apply) {
        (void)fprintf(stderr, "canara replay: %zu results applied, %zu sessions are not live\n",
                      run->applied, run->not_live);
    }
}

static int read_files(struct run *run)
{
    struct dataset_fault fault = {.text = "the memory is used up"};
    if (failed(buffers_new(&run->buffers))) {
        return broken("files", fault.text);
    }
    for (size_t i = 0; i < run->given->files.count; i++) {
        if (failed(buffers_add(run->buffers, run->given->files.word[i], &fault))) {
            (void)fprintf(stderr, "canara replay: %s\n", fault.text);
            return EXIT_CODE_FAILED;
        }
    }
    buffers_sort(run->buffers);
    return EXIT_CODE_DONE;
}

static void run_deinit(struct run *run)
{
    replay_free(&run->replay);
    buffers_free(&run->buffers);
    canara_model_close(&run->model);
    buf_deinit(&run->model_bytes);
    buf_deinit(&run->line);
}

static int start(struct run *run)
{
    const struct given *const g = run->given;
    run->learn = strcmp(g->learn, "on") == 0;
    if (!run->learn && strcmp(g->learn, "off") != 0) {
        (void)fprintf(stderr, "canara replay: --learn: must be on or off (see canara replay "
                              "--help)\n");
        return EXIT_CODE_USAGE;
    }
    if (g->data_dir != NULL && !g->apply) {
        (void)fprintf(stderr, "canara replay: --data-dir: goes with --apply (see canara replay "
                              "--help)\n");
        return EXIT_CODE_USAGE;
    }
    if (g->apply && !ctl_socket(g->data_dir, run->socket)) {
        return EXIT_CODE_FAILED;
    }
    if (failed(model_bytes_open("canara replay", g->model, &run->model_bytes, &run->model))) {
        return EXIT_CODE_FAILED;
    }
    const int code = read_files(run);
    if (code == EXIT_CODE_DONE && failed(replay_new(run->model, run->learn, &run->replay))) {
        return broken("profiles", "the memory is used up");
    }
    return code;
}

static int replay(const struct given *g)
{
    CLEANUP(run_deinit) struct run run = {.given = g};
    buf_init(&run.model_bytes, MODEL_MAX);
    buf_init(&run.line, LINE_BYTES);
    const int started = start(&run);
    if (started != EXIT_CODE_DONE) {
        return started;
    }
    const int code = replay_all(&run);
    sum_up(&run);
    return code == EXIT_CODE_DONE && run.refused > 0 ? EXIT_CODE_FAILED : code;
}

/* ---- command line ---- */

int cmd_replay(int argc, char **argv)
{
    struct given g = {.learn = "on"};
    /* clang-format off */
    const struct option options[] = {
        {"model",    "FILE", "people in general, from canara train (the built-in one)", OPTION_TEXT, &g.model, 0, 0},
        {"learn",    "HOW",  "on: each customer's earlier sessions teach his profile; off (on)", OPTION_TEXT, &g.learn, 0, 0},
        {"table",    NULL,   "a table for people instead of lines of JSON",             OPTION_FLAG, &g.table, 0, 0},
        {"apply",    NULL,   "tell the running server the result of each live session", OPTION_FLAG, &g.apply, 0, 0},
        {"data-dir", "DIR",  "with --apply: DATA_DIR of the server (as serve finds it)", OPTION_TEXT, &g.data_dir, 0, 0},
    };
    /* clang-format on */
    const struct option_spec spec = {
        .command = "canara replay",
        .usage = "FILE|DIR...",
        .about =
            "Score the sessions of buffer files (DATA_DIR/session_buffers, or canara simulate)\n"
            "through the engine, in the order in which they began, and print a line of JSON for\n"
            "each: session_id, user_email, events, secrets_skipped, risk_score, risk_level at its\n"
            "last line, reasons with their nats (above 0 speaks against the owner), learning.\n\n"
            "Facts of the server in the files (a MPIN verified or failed, a new device, a policy\n"
            "challenge, an external fact) are taken in; earlier results of this command are not.\n"
            "Of secret typing the files keep only the number of keys: it is skipped.\n\n"
            "--apply sends each risk to the server through its control socket: it is journalled as\n"
            "ml_analysis_result, audited, and a challenge or block comes into force. Sessions that\n"
            "are not live are counted, no more.",
        .option = options,
        .options = ARRAY_LEN(options),
        .words_min = 1,
        .words_max = WORDS_MAX,
    };
    const enum option_answer answer = options_read(&spec, argc, argv, &g.files);
    if (answer != OPTIONS_OK) {
        return answer == OPTIONS_HELP ? EXIT_CODE_DONE : EXIT_CODE_USAGE;
    }
    return replay(&g);
}
