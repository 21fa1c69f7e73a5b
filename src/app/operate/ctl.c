#include "app/operate/ctl.h"

#include "app/settings/env_file.h"
#include "app/settings/settings_table.h"
#include "base/fd.h"
#include "base/util.h"
#include "codec/json_write.h"
#include "codec/utf8.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* What a verb takes; bits. */
enum {
    TAKES_EMAIL = 1,
    TAKES_SESSION = 2,
    TAKES_NATS = 4,
    TAKES_SOURCE = 8,
    TAKES_ROLLBACK = 16,
    TAKES_RESET = 32
};

struct ctl_verb {
    const char *name, *method, *target;
    unsigned needs, may; /* bits of above */
    bool either;         /* exactly one of what it may take */
    bool customer;       /* a second word, EMAIL or ACCOUNT, says whose */
    const char *secret;  /* a member of the body that no option gives: ctl_give_secret() */
    void (*print)(FILE *to, const struct json *answer);
};

static void print_status(FILE *to, const struct json *a);
static void print_sessions(FILE *to, const struct json *a);
static void print_ended(FILE *to, const struct json *a);
static void print_reset(FILE *to, const struct json *a);
static void print_fact(FILE *to, const struct json *a);
static void print_profile(FILE *to, const struct json *a);
static void print_message(FILE *to, const struct json *a);

/* clang-format off */
static const struct ctl_verb verbs[] = {
    {"status",   "GET",  "/ctl/status",   0, 0, false, false, NULL, print_status},
    {"sessions", "POST", "/ctl/sessions", 0, TAKES_EMAIL, false, false, NULL, print_sessions},
    {"end",      "POST", "/ctl/end",      0, TAKES_EMAIL | TAKES_SESSION, true, false, NULL, print_ended},
    {"unlock",   "POST", "/ctl/unlock",   TAKES_EMAIL, TAKES_EMAIL, false, false, NULL, print_message},
    {"reset-mpin", "POST", "/ctl/mpin",   TAKES_EMAIL, TAKES_EMAIL, false, false, "mpin", print_reset},
    {"fact",     "POST", "/ctl/fact",     TAKES_SESSION | TAKES_NATS, TAKES_SESSION | TAKES_NATS | TAKES_SOURCE, false, false, NULL, print_fact},
    {"profile",  "POST", "/ctl/profile",  0, TAKES_RESET | TAKES_ROLLBACK, false, true, NULL, print_profile},
    {"accept-clock", "POST", "/ctl/clock", 0, 0, false, false, NULL, print_message},
    {"reload",   "POST", "/ctl/reload",   0, 0, false, false, NULL, print_message},
    {"drain",    "POST", "/ctl/drain",    0, 0, false, false, NULL, print_message},
};

/* clang-format on */

/* ---- the command line ---- */

static const struct {
    const char *option, *member;
    unsigned bit;
} members[] = {
    {"email", "email", TAKES_EMAIL},
    {"session", "session_id", TAKES_SESSION},
    {"nats", "nats", TAKES_NATS},
    {"source", "source", TAKES_SOURCE},
    {"rollback", "rollback", TAKES_ROLLBACK},
    {"reset", "reset", TAKES_RESET},
};

static const char *value_of(const struct ctl_given *g, unsigned bit)
{
    switch (bit) {
    case TAKES_EMAIL: return g->email;
    case TAKES_SESSION: return g->session;
    case TAKES_NATS: return g->nats;
    case TAKES_ROLLBACK: return g->rollback;
    case TAKES_RESET: return g->reset ? "true" : NULL;
    default: return g->source;
    }
}

const char *ctl_verb_name(size_t number)
{
    return number < ARRAY_LEN(verbs) ? verbs[number].name : NULL;
}

static const struct ctl_verb *find_verb(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
        if (strcmp(verbs[i].name, name) == 0) {
            return &verbs[i];
        }
    }
    return NULL;
}

static enum option_answer fault(const char *what, const char *about)
{
    (void)fprintf(stderr, "canara ctl: %.64s: %s (see canara ctl --help)\n", about, what);
    return OPTIONS_FAULT;
}

/* Do the options fit the verb? */
static enum option_answer check_options(const struct ctl_verb *verb, const struct ctl_given *g)
{
    unsigned have = 0;
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        const unsigned bit = members[i].bit;
        if (value_of(g, bit) == NULL) {
            if ((verb->needs & bit) != 0) {
                (void)fprintf(stderr, "canara ctl: %s needs --%s (see canara ctl --help)\n",
                              verb->name, members[i].option);
                return OPTIONS_FAULT;
            }
            continue;
        }
        if ((verb->may & bit) == 0) {
            (void)fprintf(stderr, "canara ctl: %s takes no --%s (see canara ctl --help)\n",
                          verb->name, members[i].option);
            return OPTIONS_FAULT;
        }
        have += 1;
    }
    return verb->either && have != 1 ? fault("say either --session or --email", verb->name)
                                     : OPTIONS_OK;
}

/* A number as JSON spells it. */
static bool read_number(const char *text, double *out)
{
    struct json *tree = NULL;
    const span_t span = {(const uint8_t *)text, strlen(text)};
    const bool good = !failed(json_parse(span, &tree, NULL)) && json_as_double(tree, out);
    json_free(&tree);
    return good;
}

/* `secret` is empty as long as nobody has given it. */
static enum option_answer write_body(struct ctl_order *out, span_t secret)
{
    const struct ctl_given *const g = &out->given;
    struct json_writer w;
    bool any = false;
    json_writer_init_fixed(&w, out->body, sizeof out->body);
    json_begin_object(&w);
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        const char *const text = value_of(g, members[i].bit);
        double number = 0.0;
        if (text == NULL) {
            continue;
        }
        any = true;
        json_name(&w, members[i].member);
        if (members[i].bit == TAKES_RESET) {
            json_bool(&w, true);
        } else if ((members[i].bit & (TAKES_NATS | TAKES_ROLLBACK)) == 0) {
            json_cstr(&w, text);
        } else if (read_number(text, &number)) {
            json_number(&w, number);
        } else {
            return fault("must be a number",
                         members[i].bit == TAKES_NATS ? "--nats" : "--rollback");
        }
    }
    if (g->account != NULL) {
        any = true;
        json_name(&w, "account_id");
        json_cstr(&w, g->account);
    }
    if (secret.ptr != NULL) {
        json_name(&w, out->verb->secret);
        json_text(&w, secret);
    }
    json_end_object(&w);
    if (failed(w.error)) {
        return fault("is too long", "an option");
    }
    out->body_len = any ? json_written(&w).len : 0;
    return OPTIONS_OK;
}

/* Whose: the second word is an address or the id of an account. */
static enum option_answer take_customer(const struct ctl_verb *verb,
                                        const struct option_words *words, struct ctl_given *g)
{
    if (!verb->customer) {
        return words->count == 1 ? OPTIONS_OK : fault("takes no further word", verb->name);
    }
    if (words->count != 2) {
        return fault("needs EMAIL or ACCOUNT", verb->name);
    }
    if (g->reset && g->rollback != NULL) {
        return fault("say either --reset or --rollback", verb->name);
    }
    if (strchr(words->word[1], '@') != NULL) {
        g->email = words->word[1];
    } else {
        g->account = words->word[1];
    }
    return OPTIONS_OK;
}

static enum option_answer take_words(const struct option_words *words, struct ctl_given *g,
                                     const char *data_dir, bool json, struct ctl_order *out)
{
    const struct ctl_verb *const verb = find_verb(words->word[0]);
    if (verb == NULL) {
        return fault(
            "must be status, sessions, end, unlock, reset-mpin, fact, profile, accept-clock, "
            "reload or drain",
            words->word[0]);
    }
    enum option_answer fits = check_options(verb, g);
    if (fits == OPTIONS_OK) {
        fits = take_customer(verb, words, g);
    }
    if (fits != OPTIONS_OK) {
        return fits;
    }
    *out = (struct ctl_order){.verb = verb, .given = *g, .data_dir = data_dir, .json = json};
    return write_body(out, (span_t){0});
}

enum option_answer ctl_parse(int argc, char **argv, struct ctl_order *out)
{
    struct ctl_given g = {0};
    const char *data_dir = NULL;
    bool json = false;
    /* clang-format off */
    const struct option options[] = {
        {.name = "email",    .operand = "EMAIL",  .help = "of one customer",                              .kind = OPTION_TEXT, .into = &g.email},
        {.name = "session",  .operand = "ID",     .help = "of one session",                               .kind = OPTION_TEXT, .into = &g.session},
        {.name = "nats",     .operand = "NATS",   .help = "weight of a fact, -10 to 10; above 0 speaks against the owner", .kind = OPTION_TEXT, .into = &g.nats},
        {.name = "source",   .operand = "NAME",   .help = "who states the fact (default operator)",       .kind = OPTION_TEXT, .into = &g.source},
        {.name = "reset",    .operand = NULL,     .help = "forget what was learnt: the customer is in learning again", .kind = OPTION_FLAG, .into = &g.reset},
        {.name = "rollback", .operand = "N",      .help = "go back to what revision N knew",              .kind = OPTION_TEXT, .into = &g.rollback},
        {.name = "data-dir", .operand = "DIR",    .help = "DATA_DIR of the server (default: as serve finds it)", .kind = OPTION_TEXT, .into = &data_dir},
        {.name = "json",     .operand = NULL,     .help = "print the answer as JSON",                     .kind = OPTION_FLAG, .into = &json},
    };
    /* clang-format on */
    const struct option_spec spec = {
        .command = "canara ctl",
        .usage =
            "status | sessions | end | unlock | reset-mpin | fact | profile | accept-clock | reload | drain",
        .about =
            "Speak to the server that runs on a DATA_DIR, through its control socket. Every act\n"
            "but status is in the audit.\n\n"
            "status                              what it is doing\n"
            "sessions [--email EMAIL]            live sessions, at most 1000\n"
            "end --session ID | --email EMAIL    end one session, or all of a customer\n"
            "unlock --email EMAIL                forget wrong MPINs and the lock\n"
            "reset-mpin --email EMAIL            set a new MPIN for a customer who has forgotten hers:\n"
            "                                    asked for without echo, or a line of stdin. Her sessions\n"
            "                                    end, no lock stays, and the next login owes the new MPIN\n"
            "fact --session ID --nats NATS [--source NAME]\n"
            "                                    what another system knows of a session\n"
            "profile EMAIL|ACCOUNT [--reset | --rollback N]\n"
            "                                    what was learnt of a customer: its parts, never their\n"
            "                                    content; the next session starts with the change\n"
            "accept-clock                        the time of this machine is right, also when it\n"
            "                                    went back or forward\n"
            "reload                              read certificates and keys of TLS again\n"
            "drain                               stop cleanly",
        .option = options,
        .options = ARRAY_LEN(options),
        .words_min = 1,
        .words_max = 2,
    };
    struct option_words words = {0};
    const enum option_answer answer = options_read(&spec, argc, argv, &words);
    return answer == OPTIONS_OK ? take_words(&words, &g, data_dir, json, out) : answer;
}

const char *ctl_secret(const struct ctl_order *order)
{
    return order->verb->secret == NULL ? NULL : "MPIN";
}

bool ctl_give_secret(struct ctl_order *order, span_t secret)
{
    return write_body(order, secret) == OPTIONS_OK;
}

const char *ctl_method(const struct ctl_order *order)
{
    return order->verb->method;
}

const char *ctl_target(const struct ctl_order *order)
{
    return order->verb->target;
}

/* ---- where the server is ---- */

/* DATA_DIR of the .env in the working directory; false for a .env that cannot be read. */
static bool read_env_file(char out[ENV_VALUE_BYTES])
{
    int fd = -1;
    const err_t e = env_file_open(".env", &fd);
    if (failed(e) || fd < 0) {
        return !failed(e);
    }
    FILE *file = fdopen(fd, "r");
    if (file == NULL) {
        fd_close(&fd);
        return false;
    }
    char *const text = malloc(ENV_FILE_MAX + 1);
    const size_t len = text == NULL ? 0 : fread(text, 1, ENV_FILE_MAX + 1, file);
    bool good = text != NULL && ferror(file) == 0;
    (void)fclose(file);
    struct env_reader reader = env_reader_of((span_t){(const uint8_t *)text, len});
    struct env_pair *const pair = malloc(sizeof *pair);
    good = good && pair != NULL;
    while (good) {
        const enum env_answer answer = env_reader_next(&reader, pair);
        good = answer != ENV_FAULT;
        if (answer != ENV_PAIR) {
            break;
        }
        if (strcmp(pair->name, "DATA_DIR") == 0) {
            (void)snprintf(out, ENV_VALUE_BYTES, "%s", pair->value);
        }
    }
    if (pair != NULL) {
        explicit_bzero(pair, sizeof *pair); /* other values may be secrets */
    }
    if (text != NULL) {
        explicit_bzero(text, len);
    }
    free(pair);
    free(text);
    return good;
}

bool ctl_socket(const char *data_dir, char out[CTL_PATH_BYTES])
{
    char from_file[ENV_VALUE_BYTES] = "";
    const char *dir = data_dir;
    if (dir == NULL) {
        dir = getenv("DATA_DIR"); /* NOLINT(concurrency-mt-unsafe): nobody sets it */
    }
    if (dir == NULL) {
        if (!read_env_file(from_file)) {
            (void)fprintf(stderr, "canara ctl: .env cannot be read; say --data-dir\n");
            return false;
        }
        dir = from_file[0] != '\0' ? from_file : settings_row("DATA_DIR")->fallback;
    }
    const int n = snprintf(out, CTL_PATH_BYTES, "%s/control.sock", dir);
    if (n < 0 || n >= CTL_PATH_BYTES || dir[0] == '\0') {
        (void)fprintf(stderr, "canara ctl: --data-dir: must be a path of 1 to %d bytes\n",
                      CTL_PATH_BYTES - 16);
        return false;
    }
    return true;
}

/* ---- for people ---- */

void ctl_print_safe(FILE *to, span_t text)
{
    for (size_t i = 0; i < text.len;) {
        uint32_t code = text.ptr[i];
        size_t used = utf8_steering((span_t){text.ptr + i, text.len - i}, &code);
        if (code < 0x20) {
            used = 1;
        }
        if (used > 0) {
            (void)fprintf(to, "\\u%04x", (unsigned)code);
            i += used;
            continue;
        }
        (void)fputc((char)code, to);
        i++;
    }
}

static span_t text_at(const struct json *object, const char *name)
{
    span_t text = SPAN_INIT("-");
    (void)!json_get_text(object, name, &text);
    return text;
}

static int64_t int_at(const struct json *object, const char *name)
{
    int64_t n = 0;
    (void)!json_get_int(object, name, &n);
    return n;
}

static double number_at(const struct json *object, const char *name)
{
    double n = 0.0;
    (void)!json_get_double(object, name, &n);
    return n;
}

static bool flag_at(const struct json *object, const char *name)
{
    bool flag = false;
    (void)!json_get_bool(object, name, &flag);
    return flag;
}

static void print_text(FILE *to, const struct json *object, const char *name, int width)
{
    const span_t text = text_at(object, name);
    ctl_print_safe(to, text);
    for (int i = (int)text.len; i < width; i++) {
        (void)fputc(' ', to);
    }
}

static void print_uptime(FILE *to, int64_t s)
{
    const int64_t days = s / 86400;
    const int64_t hours = s / 3600 % 24;
    const int64_t minutes = s / 60 % 60;
    if (days > 0) {
        (void)fprintf(to, "%" PRId64 " d %" PRId64 " h", days, hours);
    } else if (hours > 0) {
        (void)fprintf(to, "%" PRId64 " h %" PRId64 " min", hours, minutes);
    } else if (minutes > 0) {
        (void)fprintf(to, "%" PRId64 " min %" PRId64 " s", minutes, s % 60);
    } else {
        (void)fprintf(to, "%" PRId64 " s", s);
    }
}

static void print_status(FILE *to, const struct json *a)
{
    const struct json *const levels = json_get(a, "by_level");
    const struct json *const connections = json_get(a, "connections");
    const struct json *const journal = json_get(a, "journal");
    const struct json *const queues = json_get(a, "queues");
    const struct json *const clock = json_get(a, "clock");
    (void)fprintf(to, "canara ");
    print_text(to, a, "version", 0);
    (void)fprintf(to, ", %s, up ", flag_at(a, "ready") ? "ready" : "not ready");
    print_uptime(to, int_at(a, "uptime_s"));
    (void)fprintf(to,
                  "\nsessions     %" PRId64 " (normal %" PRId64 ", monitor %" PRId64
                  ", challenge %" PRId64 ", blocked %" PRId64 ")\n",
                  int_at(a, "sessions"), int_at(levels, "normal"), int_at(levels, "monitor"),
                  int_at(levels, "challenge"), int_at(levels, "blocked"));
    (void)fprintf(to, "connections  %" PRId64 " http, %" PRId64 " websocket\njournal      ",
                  int_at(connections, "http"), int_at(connections, "websocket"));
    print_text(to, journal, "state", 0);
    (void)fprintf(
        to, ", %" PRId64 " bytes on disk (segments: %" PRId64 "), %" PRId64 " bytes waiting\n",
        int_at(journal, "bytes"), int_at(journal, "segments"), int_at(journal, "queued_bytes"));
    (void)fprintf(to,
                  "queues       cold %" PRId64 ", hash %" PRId64 ", ledger %" PRId64
                  ", view %" PRId64 " bytes; %" PRId64 " workers hashing\n",
                  int_at(queues, "cold"), int_at(queues, "hash"), int_at(queues, "ledger"),
                  int_at(journal, "view_pending_bytes"), int_at(a, "hash_workers_busy"));
    (void)fprintf(to, "clock        ");
    print_text(to, clock, "state", 0);
    (void)fprintf(
        to, ", %" PRId64 " ms ahead of what is vouched for, %" PRId64 " ms behind the newest\n",
        int_at(clock, "ahead_ms"), int_at(clock, "behind_ms"));
    (void)fprintf(to, "handover     ");
    print_text(to, a, "handover", 0);
    (void)fprintf(to, "\n");
}

static void print_session(FILE *to, const struct json *s)
{
    print_text(to, s, "session_id", 38);
    print_text(to, s, "risk_level", 11);
    (void)fprintf(to, "%-6.3f %-5s %-7s ", number_at(s, "risk_score"),
                  flag_at(s, "mpin_required") ? "asked" : "-",
                  flag_at(s, "connected") ? "open" : "-");
    (void)fprintf(to, "%7" PRId64 "  ", int_at(s, "events"));
    print_text(to, s, "last_activity", 26);
    print_text(to, s, "email", 0);
    (void)fprintf(to, "  ");
    print_text(to, s, "device_id", 0);
    (void)fputc('\n', to);
}

static void print_sessions(FILE *to, const struct json *a)
{
    const struct json *const list = json_get(a, "sessions");
    const size_t count = json_count(list);
    if (count > 0) {
        (void)fprintf(to, "%-38s%-11s%-7s%-6s%-8s%7s  %-26s%s\n", "SESSION", "LEVEL", "RISK",
                      "MPIN", "SOCKET", "EVENTS", "LAST ACTIVITY", "EMAIL, DEVICE");
    }
    for (size_t i = 0; i < count; i++) {
        print_session(to, json_item(list, i));
    }
    (void)fprintf(to, "%zu session%s%s\n", count, count == 1 ? "" : "s",
                  flag_at(a, "truncated") ? ", more are not shown: ask with --email" : "");
}

static void print_ended(FILE *to, const struct json *a)
{
    const int64_t ended = int_at(a, "ended");
    (void)fprintf(to, "%" PRId64 " session%s ended\n", ended, ended == 1 ? "" : "s");
}

static void print_reset(FILE *to, const struct json *a)
{
    (void)fprintf(to, "new MPIN set, ");
    print_ended(to, a);
}

static void print_fact(FILE *to, const struct json *a)
{
    (void)fprintf(to, "risk %.3f, level ", number_at(a, "risk_score"));
    print_text(to, a, "risk_level", 0);
    (void)fprintf(to, "%s\n", flag_at(a, "mpin_required") ? ", MPIN asked for" : "");
}

static void print_profile(FILE *to, const struct json *a)
{
    const struct json *const learning = json_get(a, "learning");
    const struct json *const parts = json_get(a, "parts");
    (void)fprintf(to, "account   ");
    print_text(to, a, "account_id", 0);
    (void)fprintf(to, "\nrevision  %" PRId64 " of ", int_at(a, "revision"));
    print_text(to, a, "saved", 0);
    (void)fprintf(to, ", back to %" PRId64 "\nlearning  ", int_at(a, "oldest"));
    print_text(to, learning, "state", 0);
    (void)fprintf(to, ", %" PRId64 " of %" PRId64 " sessions\nmodel     ",
                  int_at(learning, "sessions"), int_at(learning, "needed"));
    print_text(to, a, "model", 0);
    (void)fprintf(to, "\n%zu part%s", json_count(parts), json_count(parts) == 1 ? "" : "s");
    if (int_at(a, "damaged") > 0) {
        (void)fprintf(to, ", %" PRId64 " damaged: set aside at the next login",
                      int_at(a, "damaged"));
    }
    (void)fputc('\n', to);
    for (size_t i = 0; i < json_count(parts); i++) {
        const struct json *const part = json_item(parts, i);
        (void)fprintf(to, "  ");
        print_text(to, part, "name", 34);
        (void)fprintf(to, "%5" PRId64 " bytes, revision %" PRId64 "\n", int_at(part, "bytes"),
                      int_at(part, "revision"));
    }
}

static void print_message(FILE *to, const struct json *a)
{
    print_text(to, a, "message", 0);
    (void)fputc('\n', to);
}

void ctl_print(FILE *to, const struct ctl_order *order, const struct json *answer)
{
    order->verb->print(to, answer);
}

void ctl_print_problem(FILE *to, unsigned status, const struct json *problem)
{
    (void)fprintf(to, "canara ctl: ");
    span_t detail = {0};
    if (json_get_text(problem, "detail", &detail)) {
        ctl_print_safe(to, detail);
        (void)fputc('\n', to);
    } else {
        (void)fprintf(to, "the server answered %u\n", status);
    }
    const struct json *const errors = json_get(problem, "errors");
    for (size_t i = 0; i < json_count(errors); i++) {
        (void)fprintf(to, "  ");
        print_text(to, json_item(errors, i), "field", 0);
        (void)fprintf(to, ": ");
        print_text(to, json_item(errors, i), "message", 0);
        (void)fputc('\n', to);
    }
}
