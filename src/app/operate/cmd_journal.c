/* canara journal: shows and checks the journal, beside a running server too; it never writes. */
#include "app/cli/command.h"
#include "app/cli/options.h"
#include "app/operate/operate_commands.h"
#include "app/settings/settings.h"
#include "codec/json_write.h"
#include "codec/time_text.h"
#include "codec/uuid_text.h"
#include "journal/journal_read.h"
#include "journal/view_line.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_LIMIT = 512 * 1024 };

/* Which records are shown. */
struct choice {
    bool one_session;
    uuid_t session;
    uint64_t sequence; /* frames from here on */
    wall_t since;      /* and records not before */
};

static void print_fault(const struct journal_fault *why)
{
    if (why->file[0] == '\0') {
        (void)fprintf(stderr, "canara journal: %s\n", why->reason);
    } else {
        (void)fprintf(stderr, "canara journal: %s, offset %" PRIu64 ": %s\n", why->file,
                      why->offset, why->reason);
    }
}

static err_t reader_begin(const char *data_dir, uint64_t from, struct journal_reader **out)
{
    char dir[SETTING_PATH_BYTES + sizeof "/journal"];
    const int n = snprintf(dir, sizeof dir, "%s/journal", data_dir);
    if (n < 0 || (size_t)n >= sizeof dir) {
        (void)fprintf(stderr, "canara journal: the path is too long\n");
        return err_new(ERR_LIMIT);
    }
    struct journal_fault why = {.reason = "no memory"};
    const err_t e = journal_reader_open(dir, from, JOURNAL_TO_THE_END, out, &why);
    if (failed(e)) {
        (void)fprintf(stderr, "canara journal: %s: %s\n", dir, why.reason);
    }
    return e;
}

/* ---- dump ------------------------------------------------------------------------------------ */

static err_t render(struct view_renderer *renderer, const journal_record_t *r, uint64_t sequence,
                    struct buf *out)
{
    span_t data = {0};
    TRY(view_render_data(renderer, r, &data));
    struct json_writer w;
    json_writer_init(&w, out);
    json_begin_object(&w);
    json_name(&w, "sequence");
    json_uint(&w, sequence);
    json_name(&w, "kind");
    json_cstr(&w, journal_kind_name(r->kind));
    json_name(&w, "at");
    json_time(&w, r->at);
    json_name(&w, "session_id");
    json_uuid(&w, r->session);
    json_name(&w, "account_id");
    json_uuid(&w, r->account);
    json_name(&w, "line");
    json_uint(&w, r->line);
    if (r->seq != JOURNAL_NO_SEQ) {
        json_name(&w, "seq");
        json_int(&w, r->seq);
    }
    if (r->client_time.len > 0) {
        json_name(&w, "client_time");
        json_text(&w, r->client_time);
    }
    if (r->fact != JOURNAL_NO_FACT) {
        json_name(&w, "fact");
        json_uint(&w, r->fact);
        json_name(&w, "value");
        if (isfinite(r->value)) {
            json_number(&w, r->value);
        } else {
            json_nil(&w);
        }
    }
    if (r->secret) {
        json_name(&w, "secret");
        json_bool(&w, true);
    }
    json_name(&w, "event_type");
    json_text(&w, r->type);
    json_name(&w, "data");
    json_foreign(&w, data);
    json_end_object(&w);
    TRY(json_finish(&w));
    return buf_append_byte(out, '\n');
}

static bool is_chosen(const struct choice *choice, const journal_record_t *r)
{
    return r->at.ms >= choice->since.ms &&
           (!choice->one_session || uuid_eq(r->session, choice->session));
}

static int dump(const char *data_dir, const struct choice *choice)
{
    CLEANUP(journal_reader_close) struct journal_reader *reader = NULL;
    CLEANUP(view_renderer_deinit) struct view_renderer renderer;
    CLEANUP(buf_deinit) struct buf line;
    view_renderer_init(&renderer);
    buf_init(&line, LINE_LIMIT);
    if (failed(reader_begin(data_dir, choice->sequence, &reader))) {
        return EXIT_CODE_FAILED;
    }
    journal_record_t record = {0};
    for (bool more = true;;) {
        if (failed(journal_reader_next(reader, &record, &more))) {
            (void)fflush(stdout);
            print_fault(journal_reader_fault(reader));
            return EXIT_CODE_FAILED;
        }
        if (!more) {
            break;
        }
        if (!is_chosen(choice, &record)) {
            continue;
        }
        buf_clear(&line);
        if (failed(render(&renderer, &record, journal_reader_frame(reader), &line))) {
            (void)fprintf(stderr, "canara journal: no memory for a line\n");
            return EXIT_CODE_FAILED;
        }
        if (fwrite(line.ptr, 1, line.len, stdout) != line.len) {
            break;
        }
    }
    if (fflush(stdout) != 0 || ferror(stdout) != 0) {
        (void)fprintf(stderr, "canara journal: the output cannot be written\n");
        return EXIT_CODE_FAILED;
    }
    return EXIT_CODE_DONE;
}

/* ---- verify ---------------------------------------------------------------------------------- */

static int verify(const char *data_dir)
{
    CLEANUP(journal_reader_close) struct journal_reader *reader = NULL;
    if (failed(reader_begin(data_dir, 0, &reader))) {
        return EXIT_CODE_FAILED;
    }
    journal_record_t record = {0};
    err_t e = ERR_OK;
    for (bool more = true; more && !failed(e);) {
        e = journal_reader_next(reader, &record, &more);
    }
    struct journal_read_stats seen = {0};
    journal_reader_stats(reader, &seen);
    (void)printf("segments %" PRIu64 "\nframes   %" PRIu64 "\nrecords  %" PRIu64
                 "\nbytes    %" PRIu64 "\n",
                 seen.segments, seen.frames, seen.records, seen.bytes);
    if (failed(e)) {
        (void)printf("result   damaged\n");
        (void)fflush(stdout);
        print_fault(journal_reader_fault(reader));
        return EXIT_CODE_FAILED;
    }
    if (seen.torn_bytes > 0) {
        (void)printf("result   whole; behind it %" PRIu64
                     " bytes of a frame never acknowledged, cut at the next start\n",
                     seen.torn_bytes);
    } else {
        (void)printf("result   whole\n");
    }
    return fflush(stdout) == 0 ? EXIT_CODE_DONE : EXIT_CODE_FAILED;
}

/* ---- command line ---------------------------------------------------------------------------- */

static bool choose_from(const char *text, struct choice *choice)
{
    if (!failed(time_parse((span_t){(const uint8_t *)text, strlen(text)}, &choice->since))) {
        return true;
    }
    if (text[0] < '0' || text[0] > '9') {
        return false;
    }
    char *end = NULL;
    errno = 0;
    choice->sequence = strtoull(text, &end, 10);
    return errno == 0 && *end == '\0' && choice->sequence < JOURNAL_TO_THE_END;
}

static bool choose(const char *session, const char *from, struct choice *choice)
{
    if (session != NULL) {
        const span_t text = {(const uint8_t *)session, strlen(session)};
        if (failed(uuid_parse(text, &choice->session))) {
            (void)fprintf(stderr, "canara journal: --session wants a session's id\n");
            return false;
        }
        choice->one_session = true;
    }
    if (from != NULL && !choose_from(from, choice)) {
        (void)fprintf(stderr, "canara journal: --from wants a frame's number, or a time such as "
                              "2026-01-31T09:00:00Z\n");
        return false;
    }
    return true;
}

/* Where the data are: as told, or as the settings say. */
static bool find_data(const char *told, char out[SETTING_PATH_BYTES])
{
    if (told != NULL) {
        const int n = snprintf(out, SETTING_PATH_BYTES, "%s", told);
        return n > 0 && n < SETTING_PATH_BYTES;
    }
    CLEANUP(settings_wipe) struct settings s = {0};
    if (failed(settings_load_and_say("canara journal", NULL, &s))) {
        (void)fprintf(stderr, "canara journal: --data-dir DIR needs no settings\n");
        return false;
    }
    memcpy(out, s.data_dir, SETTING_PATH_BYTES);
    return true;
}

int cmd_journal(int argc, char **argv)
{
    const char *session = NULL;
    const char *from = NULL;
    const char *told = NULL;
    const struct option options[] = {
        {.name = "session",
         .operand = "ID",
         .help = "dump: only this session",
         .kind = OPTION_TEXT,
         .into = &session},
        {.name = "from",
         .operand = "WHERE",
         .help = "dump: from this frame number, or this time (RFC 3339), on",
         .kind = OPTION_TEXT,
         .into = &from},
        {.name = "data-dir",
         .operand = "DIR",
         .help = "default: DATA_DIR of the settings",
         .kind = OPTION_TEXT,
         .into = &told},
    };
    const struct option_spec spec = {
        .command = "canara journal",
        .usage = "dump | verify",
        .about =
            "dump     print the records as lines of JSON, oldest first; keystrokes of secret\n"
            "         fields as their count\n"
            "verify   read every frame and every record; exit 1 and say file and offset where\n"
            "         something is damaged\n"
            "Both only read, and work beside a running server.",
        .option = options,
        .options = sizeof options / sizeof *options,
        .words_min = 1,
        .words_max = 1,
    };
    struct option_words words = {0};
    const enum option_answer answer = options_read(&spec, argc, argv, &words);
    if (answer != OPTIONS_OK) {
        return answer == OPTIONS_HELP ? EXIT_CODE_DONE : EXIT_CODE_USAGE;
    }

    const bool dumps = strcmp(words.word[0], "dump") == 0;
    struct choice choice = {.since = {INT64_MIN}};
    if (!dumps && strcmp(words.word[0], "verify") != 0) {
        (void)fprintf(stderr, "canara journal: say dump or verify\n");
        return EXIT_CODE_USAGE;
    }
    if (!dumps && (session != NULL || from != NULL)) {
        (void)fprintf(stderr, "canara journal: verify reads everything\n");
        return EXIT_CODE_USAGE;
    }
    if (!choose(session, from, &choice)) {
        return EXIT_CODE_USAGE;
    }
    char data_dir[SETTING_PATH_BYTES];
    if (!find_data(told, data_dir)) {
        return EXIT_CODE_FAILED;
    }
    return dumps ? dump(data_dir, &choice) : verify(data_dir);
}
