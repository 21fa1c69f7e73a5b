/* WebSocket. A socket is called as its session, unless `as` says otherwise. */
#include "base/util.h"
#include "tests/scenario/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct named_socket *find(struct world *w, const char *name)
{
    for (size_t i = 0; i < SOCKETS_MAX; i++) {
        if (strcmp(w->sockets[i].name, name) == 0) {
            return &w->sockets[i];
        }
    }
    return NULL;
}

static struct socket_client *take_socket(struct world *w, struct words *args)
{
    const char *name = words_take(args);
    struct named_socket *s = name[0] == '\0' ? NULL : find(w, name);
    if (s == NULL) {
        (void)because(w, "no socket \"%s\"", name);
        return NULL;
    }
    return &s->client;
}

/* ---- connect WHO [as NAME] [ticket TICKET | query TEXT] [with HEADER VALUE] [expect ...] ---- */

static const char *name_of(struct world *w, const char *who, const char *what)
{
    char name[NAME_BYTES];
    (void)snprintf(name, sizeof name, "%.30s.%s", who, what);
    return names_get(&w->names, name);
}

static const char *take_upgrade(struct world *w, struct words *args, const char *who,
                                struct request *r, char target[VALUE_BYTES])
{
    const char *id = name_of(w, who, "id");
    const char *token = name_of(w, who, "token");
    if (id == NULL || token == NULL) {
        return because(w, "no session \"%s\"", who);
    }
    *r = (struct request){.method = "GET", .bearer = token, .json = "", .header = "", .value = ""};
    const char *query = "";
    char text[VALUE_BYTES];
    if (words_take_if(args, "ticket")) {
        (void)snprintf(text, sizeof text, "?ticket=%s", words_take(args));
        query = text;
        r->bearer = "";
    } else if (words_take_if(args, "query")) {
        query = words_take(args);
        r->bearer = strstr(query, "token=") == NULL ? token : "";
    }
    (void)snprintf(target, VALUE_BYTES, "/api/v1/ws/behavior/%.64s%.900s", id, query);
    r->target = target;
    if (words_take_if(args, "with")) {
        r->header = words_take(args);
        r->value = words_take(args);
    }
    return NULL;
}

static const char *greeted(struct world *w, struct socket_client *s)
{
    struct json *hello = socket_take(s, "connection_established");
    if (hello == NULL) {
        return "no connection_established comes";
    }
    struct words none = {0};
    const char *why = check_fields(w, hello, &none);
    json_free(&hello);
    return why;
}

static const char *step_connect(struct world *w, struct words *args)
{
    struct request r;
    char target[VALUE_BYTES];
    const char *who = words_take(args);
    const char *as = words_take_if(args, "as") ? words_take(args) : who;
    const char *why = take_upgrade(w, args, who, &r, target);
    if (why != NULL) {
        return why;
    }
    struct named_socket *old = find(w, as);
    if (old != NULL) { /* the name goes on to the new one */
        socket_drop(&old->client);
        old->name[0] = '\0';
    }
    struct named_socket *free_one = find(w, "");
    const int fd = wire_dial(w->host.port);
    bool open = false;
    if (free_one == NULL || fd < 0) {
        return "too many sockets, or nobody listens";
    }
    why = socket_open(&free_one->client, fd, &r, &w->answer, &open);
    if (why != NULL || !open) {
        socket_drop(&free_one->client);
        if (why == NULL && args->next == args->count) {
            return because(w, "the upgrade answers %u", w->answer.head.status);
        }
        return why == NULL ? check_answer(w, args) : why;
    }
    (void)snprintf(free_one->name, sizeof free_one->name, "%s", as);
    return args->next < args->count ? "the socket opens" : greeted(w, &free_one->client);
}

/* ---- sending ---- */

/* send S TYPE [JSON] [seq N] */
static const char *step_send(struct world *w, struct words *args)
{
    char text[LINE_BYTES + 128];
    struct socket_client *s = take_socket(w, args);
    if (s == NULL) {
        return w->why;
    }
    const char *type = words_take(args);
    const char *data = words_peek(args)[0] == '{' ? words_take(args) : "{}";
    long long seq = 0;
    const bool has_seq = words_take_if(args, "seq") && words_take_number(args, INT64_MAX, &seq);
    int n = snprintf(text, sizeof text, "{\"event_type\":\"%s\",\"data\":%s", type, data);
    n += has_seq ? snprintf(text + n, sizeof text - (size_t)n, ",\"seq\":%lld}", seq)
                 : snprintf(text + n, sizeof text - (size_t)n, "}");
    return socket_send(s, (span_t){(const uint8_t *)text, (size_t)n});
}

/* say S TEXT: a message as it stands */
static const char *step_say(struct world *w, struct words *args)
{
    struct socket_client *s = take_socket(w, args);
    const char *text = words_take(args);
    return s == NULL ? w->why : socket_send(s, (span_t){(const uint8_t *)text, strlen(text)});
}

static const char *send_built(struct socket_client *s, struct buf *text, err_t built)
{
    const char *why = failed(built) ? "no memory" : socket_send(s, buf_span(text));
    buf_deinit(text);
    return why;
}

/* send-events S N: one message with N events */
static const char *step_send_events(struct world *w, struct words *args)
{
    struct socket_client *s = take_socket(w, args);
    long long count = 0;
    if (s == NULL || !words_take_number(args, 100000, &count)) {
        return s == NULL ? w->why : "send-events S N";
    }
    struct buf text;
    buf_init(&text, 1 << 22);
    err_t e = buf_append_byte(&text, '[');
    for (long long i = 0; i < count && !failed(e); i++) {
        e = buf_append_format(&text, "%s{\"event_type\":\"idle_timeout\",\"data\":{}}",
                              i == 0 ? "" : ",");
    }
    if (!failed(e)) {
        e = buf_append_byte(&text, ']');
    }
    return send_built(s, &text, e);
}

/* send-bytes S N: one event whose message is N bytes long, blanks behind it */
static const char *step_send_bytes(struct world *w, struct words *args)
{
    struct socket_client *s = take_socket(w, args);
    long long count = 0;
    if (s == NULL || !words_take_number(args, 1 << 20, &count)) {
        return s == NULL ? w->why : "send-bytes S N";
    }
    struct buf text;
    buf_init(&text, 1 << 22);
    err_t e = buf_append(&text, SPAN_LIT("{\"event_type\":\"idle_timeout\",\"data\":{}}"));
    while (!failed(e) && text.len < (size_t)count) {
        e = buf_append_byte(&text, ' ');
    }
    return send_built(s, &text, e);
}

/* ---- expecting ---- */

static const char *expect_end(struct world *w, struct socket_client *s)
{
    for (int ms = 0; !s->ended && ms < WIRE_PATIENCE_MS; ms += 50) {
        socket_pump(s, 50);
    }
    return s->ended ? NULL : because(w, "the socket stays open");
}

/* expect S closed CODE [REASON] */
static const char *expect_closed(struct world *w, struct socket_client *s, struct words *args)
{
    long long code = 0;
    if (!words_take_number(args, 4999, &code)) {
        return "expect S closed CODE";
    }
    for (int ms = 0; !s->closed && !s->ended && ms < WIRE_PATIENCE_MS; ms += 50) {
        socket_pump(s, 50);
    }
    if (!s->closed || s->close_code != (uint16_t)code) {
        return because(w, "the socket %s (%u), not closed with %lld",
                       s->closed  ? "is closed"
                       : s->ended ? "has ended without a close"
                                  : "stays open",
                       (unsigned)s->close_code, code);
    }
    const char *reason = words_take(args);
    return reason[0] == '\0' || strcmp(reason, s->close_reason) == 0
               ? NULL
               : because(w, "the reason is \"%s\"", s->close_reason);
}

/* expect S gone: ended without a close; expect S TYPE FIELD VALUE ... */
static const char *step_expect(struct world *w, struct words *args)
{
    struct socket_client *s = take_socket(w, args);
    if (s == NULL) {
        return w->why;
    }
    if (words_take_if(args, "closed")) {
        return expect_closed(w, s, args);
    }
    if (words_take_if(args, "gone")) {
        const char *why = expect_end(w, s);
        return why == NULL && s->closed ? "the server said good-bye" : why;
    }
    const char *type = words_take(args);
    struct json *message = socket_take(s, type);
    if (message == NULL) {
        return because(w, "no %s comes", type);
    }
    const char *why = check_fields(w, message, args);
    json_free(&message);
    return why;
}

/* expect-keep S TYPE NAME FIELD */
static const char *step_expect_keep(struct world *w, struct words *args)
{
    struct socket_client *s = take_socket(w, args);
    const char *type = words_take(args);
    const char *name = words_take(args);
    char value[VALUE_BYTES] = "";
    struct json *message = s == NULL ? NULL : socket_take(s, type);
    const bool there = message != NULL && field_text(message, words_take(args), value);
    json_free(&message);
    return there ? names_set(&w->names, name, value) : because(w, "no such %s comes", type);
}

/* quiet S: open, and nothing has come that nobody asked for */
static const char *step_quiet(struct world *w, struct words *args)
{
    struct socket_client *s = take_socket(w, args);
    if (s == NULL) {
        return w->why;
    }
    const char *why = socket_catch_up(s);
    char type[VALUE_BYTES] = "?";
    if (why == NULL && s->holding > 0) {
        (void)field_text(s->held[0], "type", type);
        return because(w, "%s has come", type);
    }
    return why == NULL && (s->closed || s->ended)
               ? because(w, "the socket is closed (%u %s)", (unsigned)s->close_code,
                         s->close_reason)
               : why;
}

/* forget S: whatever has come */
static const char *step_forget(struct world *w, struct words *args)
{
    struct socket_client *s = take_socket(w, args);
    const char *why = s == NULL ? w->why : socket_catch_up(s);
    while (s != NULL && s->holding > 0) {
        json_free(&s->held[--s->holding]);
    }
    return why;
}

/* never S TYPE: none of this type has come */
static const char *step_never(struct world *w, struct words *args)
{
    struct socket_client *s = take_socket(w, args);
    const char *type = words_take(args);
    const char *why = s == NULL ? w->why : socket_catch_up(s);
    char held[VALUE_BYTES] = "";
    for (size_t i = 0; s != NULL && why == NULL && i < s->holding; i++) {
        if (field_text(s->held[i], "type", held) && strcmp(held, type) == 0) {
            return because(w, "%s has come", type);
        }
    }
    return why;
}

/* pings S N: so many have come since it opened */
static const char *step_pings(struct world *w, struct words *args)
{
    struct socket_client *s = take_socket(w, args);
    long long count = 0;
    if (s == NULL || !words_take_number(args, 100000, &count)) {
        return s == NULL ? w->why : "pings S N";
    }
    socket_pump(s, 0);
    return s->pings == (unsigned)count ? NULL : because(w, "%u pings have come", s->pings);
}

/* deaf S: from now on it reads nothing */
static const char *step_deaf(struct world *w, struct words *args)
{
    struct socket_client *s = take_socket(w, args);
    if (s == NULL) {
        return w->why;
    }
    s->deaf = true;
    return NULL;
}

/* hang-up S */
static const char *step_hang_up(struct world *w, struct words *args)
{
    struct named_socket *s = find(w, words_take(args));
    if (s == NULL) {
        return "no such socket";
    }
    socket_drop(&s->client);
    s->name[0] = '\0';
    return NULL;
}

struct step_table steps_of_sockets(void)
{
    static const struct step rows[] = {
        {"connect", step_connect},
        {"send", step_send},
        {"say", step_say},
        {"send-events", step_send_events},
        {"send-bytes", step_send_bytes},
        {"expect", step_expect},
        {"expect-keep", step_expect_keep},
        {"quiet", step_quiet},
        {"forget", step_forget},
        {"pings", step_pings},
        {"never", step_never},
        {"deaf", step_deaf},
        {"hang-up", step_hang_up},
    };
    return (struct step_table){rows, ARRAY_LEN(rows)};
}
