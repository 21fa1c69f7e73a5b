/* canara audit: verifies and prints the chain of security events, with or without a server. */
#include "app/cli/command.h"
#include "app/cli/options.h"
#include "app/operate/at_rest.h"
#include "app/operate/operate_commands.h"
#include "app/settings/settings.h"
#include "base/util.h"
#include "codec/hex.h"
#include "codec/json_read.h"
#include "codec/json_write.h"
#include "crypto/keys.h"
#include "crypto/secret.h"
#include "domain/ground/audit.h"
#include "store/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    SHOW_DEFAULT = 100,
    SHOW_AT_ONCE = 32, /* read together, before any is printed */
    LINE_BYTES = 8192  /* a detail may grow to six times its length */
};

static const char command[] = "canara audit";

struct order {
    struct option_sets sets;
    const char *data_dir, *head;
    int64_t last;
};

static int complain(const char *what)
{
    return at_rest_complain(command, what);
}

/* ---- verify ---- */

/* Looks for a link whose hash was noted earlier, and remembers the newest one up to `until`. */
struct search {
    const uint8_t *head; /* NULL: none was noted */
    uint64_t until, found_at;
    uint8_t newest[STORE_DIGEST_BYTES];
};

static err_t look(void *ctx, const struct audit_row *row)
{
    struct search *const s = ctx;
    if (row->seq > s->until) {
        return ERR_OK; /* written while we looked: not verified */
    }
    memcpy(s->newest, row->hash, sizeof s->newest);
    if (s->head != NULL && ct_equal(s->head, row->hash, sizeof row->hash)) {
        s->found_at = row->seq;
    }
    return ERR_OK;
}

static err_t search_chain(struct store *store, struct search *s)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(store, STORE_READ, &tx));
    return store_audit_walk(&tx, s->head == NULL && s->until > 0 ? s->until : 1, look, s);
}

static int say_verdict(const struct search *s, uint64_t records)
{
    char newest[2 * STORE_DIGEST_BYTES + 1];
    if (s->head != NULL && s->found_at == 0) {
        (void)printf("broken at record %" PRIu64 ": the chain does not hold the head that was "
                     "noted; records are missing or were replaced\n",
                     records + 1);
        return EXIT_CODE_FAILED;
    }
    hex_encode((span_t){s->newest, sizeof s->newest}, newest);
    (void)printf("%" PRIu64 " records, intact, head %s\n", records, newest);
    if (s->head != NULL) {
        (void)printf("the head that was noted is record %" PRIu64 "\n", s->found_at);
    }
    return EXIT_CODE_DONE;
}

static int verify(const struct settings *s, const uint8_t *head)
{
    CLEANUP(keyring_close) struct keyring *keys = NULL;
    CLEANUP(audit_free) struct audit *audit = NULL;
    CLEANUP(store_close) struct store *store = NULL;
    enum audit_verdict verdict = AUDIT_BROKEN;
    uint64_t records = 0;
    uint64_t at = 0;
    if (failed(crypto_start()) || failed(at_rest_audit(command, s, &keys, &audit)) ||
        failed(at_rest_store(command, s, true, &store))) {
        return EXIT_CODE_FAILED;
    }
    if (failed(audit_verify(audit, store, NULL, &verdict, &records, &at))) {
        return complain("the database could not be read");
    }
    if (verdict == AUDIT_BROKEN) {
        (void)printf("broken at record %" PRIu64 "\n", at);
        return EXIT_CODE_FAILED;
    }
    struct search search = {.head = head, .until = records};
    if (failed(search_chain(store, &search))) {
        return complain("the database could not be read");
    }
    return say_verdict(&search, records);
}

/* ---- show ---- */

/* What stands in the database is not believed to be JSON. */
static void write_detail(struct json_writer *w, const char *detail)
{
    const span_t text = {(const uint8_t *)detail, strlen(detail)};
    struct json *tree = NULL;
    if (failed(json_parse(text, &tree, NULL))) {
        json_text(w, text);
    } else {
        json_foreign(w, text);
    }
    json_free(&tree);
}

static void write_id(struct json_writer *w, const char *name, uuid_t id)
{
    if (!uuid_is_nil(id)) {
        json_name(w, name);
        json_uuid(w, id);
    }
}

static err_t print_row(const struct audit_row *row)
{
    char line[LINE_BYTES];
    char hash[2 * STORE_DIGEST_BYTES + 1];
    struct json_writer w;
    hex_encode((span_t){row->hash, sizeof row->hash}, hash);
    json_writer_init_fixed(&w, line, sizeof line);
    json_begin_object(&w);
    json_name(&w, "seq");
    json_uint(&w, row->seq);
    json_name(&w, "at");
    json_time(&w, row->at);
    json_name(&w, "kind");
    json_cstr(&w, row->kind);
    write_id(&w, "account_id", row->account);
    write_id(&w, "session_id", row->session);
    json_name(&w, "detail");
    write_detail(&w, row->detail);
    json_name(&w, "hash");
    json_cstr(&w, hash);
    json_end_object(&w);
    TRY(w.error);
    const span_t text = json_written(&w);
    return printf("%.*s\n", (int)text.len, (const char *)text.ptr) < 0 ? err_new(ERR_IO) : ERR_OK;
}

/* Some records in a row, as they stand in the chain. */
struct some {
    struct audit_row row[SHOW_AT_ONCE];
    size_t count;
};

static err_t take_row(void *ctx, const struct audit_row *row)
{
    struct some *const s = ctx;
    if (s->count == SHOW_AT_ONCE) {
        return err_new(ERR_LIMIT);
    }
    s->row[s->count++] = *row;
    return ERR_OK;
}

static err_t read_some(struct store *store, uint64_t from, struct some *out)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    out->count = 0;
    TRY(store_begin(store, STORE_READ, &tx));
    const err_t walked = store_audit_walk(&tx, from, take_row, out);
    return failed(walked) && out->count == SHOW_AT_ONCE ? ERR_OK : walked;
}

static err_t read_head(struct store *store, uint64_t *out)
{
    uint8_t hash[STORE_DIGEST_BYTES];
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(store, STORE_READ, &tx));
    return store_audit_head(&tx, out, hash);
}

/* Printed between two looks: a reader that stands (a pager) would keep the server's log from being folded
 * back, and let it grow, for as long as the database is looked at. */
static err_t show_last(struct store *store, uint64_t last)
{
    struct some some;
    uint64_t head = 0;
    TRY(read_head(store, &head)); /* what comes later is not waited for */
    uint64_t from = head > last ? head - last + 1 : 1;
    while (from <= head) {
        TRY(read_some(store, from, &some));
        for (size_t i = 0; i < some.count && some.row[i].seq <= head; i++) {
            TRY(print_row(&some.row[i]));
        }
        from = some.count == 0 ? head + 1 : some.row[some.count - 1].seq + 1;
    }
    return ERR_OK;
}

static int show(const struct settings *s, int64_t last)
{
    CLEANUP(store_close) struct store *store = NULL;
    if (failed(at_rest_store(command, s, true, &store))) {
        return EXIT_CODE_FAILED;
    }
    return failed(show_last(store, (uint64_t)last))
               ? complain("the database could not be read, or the output not written")
               : EXIT_CODE_DONE;
}

/* ---- the command ---- */

static enum option_answer read_order(int argc, char **argv, struct order *o,
                                     struct option_words *words)
{
    const struct option options[] = {
        {.name = "head",
         .operand = "HEX",
         .help = "verify: a head noted earlier, which must be in the chain",
         .kind = OPTION_TEXT,
         .into = &o->head},
        {.name = "last",
         .operand = "N",
         .help = "show: how many, the newest last (default 100)",
         .kind = OPTION_NUMBER,
         .into = &o->last,
         .low = 1,
         .high = INT64_MAX},
        {.name = "data-dir",
         .operand = "DIR",
         .help = "the same as --set DATA_DIR=DIR",
         .kind = OPTION_TEXT,
         .into = &o->data_dir},
        {.name = "set",
         .operand = "NAME=VALUE",
         .help = "a setting that wins over all others; may come again",
         .kind = OPTION_SET,
         .into = &o->sets},
    };
    const struct option_spec spec = {
        .command = command,
        .usage = "verify | show",
        .about =
            "verify   walk the chain of security events and tell whether every record is the one\n"
            "         that was written, in its place. Note the head it prints somewhere else:\n"
            "         with --head, records that were cut off the end are missed too.\n"
            "show     print the newest records, one JSON object a line.\n\n"
            "Settings are read as serve reads them; the server may be running.",
        .option = options,
        .options = ARRAY_LEN(options),
        .words_min = 1,
        .words_max = 1,
    };
    return options_read(&spec, argc, argv, words);
}

int cmd_audit(int argc, char **argv)
{
    struct order o = {.last = SHOW_DEFAULT};
    struct option_words words = {0};
    const enum option_answer answer = read_order(argc, argv, &o, &words);
    if (answer != OPTIONS_OK) {
        return answer == OPTIONS_HELP ? EXIT_CODE_DONE : EXIT_CODE_USAGE;
    }
    const bool verifies = strcmp(words.word[0], "verify") == 0;
    uint8_t head[STORE_DIGEST_BYTES];
    char data_dir[AT_REST_OPTION_BYTES];
    if (!verifies && strcmp(words.word[0], "show") != 0) {
        (void)fprintf(stderr, "canara audit: %.32s: must be verify or show\n", words.word[0]);
        return EXIT_CODE_USAGE;
    }
    if (o.head != NULL &&
        failed(hex_decode((span_t){(const uint8_t *)o.head, strlen(o.head)}, head, sizeof head))) {
        (void)fprintf(stderr, "canara audit: --head: must be 64 hexadecimal digits\n");
        return EXIT_CODE_USAGE;
    }
    if (!at_rest_data_dir(&o.sets, o.data_dir, data_dir)) {
        (void)fprintf(stderr, "canara audit: --data-dir: is too long\n");
        return EXIT_CODE_USAGE;
    }
    CLEANUP(settings_wipe) struct settings s = {0};
    if (failed(settings_load_and_say(command, &o.sets, &s)) || !at_rest_is_there(command, &s)) {
        return EXIT_CODE_FAILED;
    }
    return verifies ? verify(&s, o.head == NULL ? NULL : head) : show(&s, o.last);
}
