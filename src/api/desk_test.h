/*
 * desk_test.h - the api with a whole service under it and two loops' shards, driven by one thread.
 *
 * Floor      api (tests only)
 * Ownership  desk_begin() makes it, desk_end() takes it down; a call from ask() is the caller's.
 * Threads    one.
 */
#ifndef API_DESK_TEST_H
#define API_DESK_TEST_H

#include "api/dispatch.h"
#include "codec/json_read.h"
#include "codec/uuid_text.h"
#include "domain/sessions/steps_test.h"

enum { DESK_LOOPS = 2, DESK_NEWS = 64 };

struct desk {
    struct courier courier;
    struct house house;
    struct view *view;
    struct api api;
    struct shard *shard[DESK_LOOPS];
    struct server_numbers numbers;
    struct bodies bodies; /* of all calls */
    bool ready;
    size_t drains, reloads, news;
    bool reload_fails;
    unsigned act_before; /* which stage of the next call, counted from 1; 0: none */
    void (*act)(struct desk *d, void *ctx);
    void *act_ctx;

    struct {
        uuid_t session;
        enum tell what;
        enum session_end how;
        double value;
    } told[DESK_NEWS];
};

static inline struct shard *desk_owner(struct desk *d, uuid_t session)
{
    return d->shard[uuid_hash(session) % DESK_LOOPS];
}

static inline void desk_tell(struct courier *self, uuid_t session, enum tell what,
                             enum session_end how, double value)
{
    struct desk *d = CONTAINER_OF(self, struct desk, courier);
    MUST(d->news < DESK_NEWS);
    d->told[d->news].session = session;
    d->told[d->news].what = what;
    d->told[d->news].how = how;
    d->told[d->news++].value = value;
    api_told(desk_owner(d, session), session, what, how, value);
}

static inline void desk_drain(struct courier *self)
{
    CONTAINER_OF(self, struct desk, courier)->drains += 1;
}

static inline err_t desk_reload(struct courier *self, char why[COURIER_WHY_BYTES])
{
    struct desk *d = CONTAINER_OF(self, struct desk, courier);
    d->reloads += 1;
    (void)snprintf(why, COURIER_WHY_BYTES, "%s", d->reload_fails ? "no key" : "all read");
    return d->reload_fails ? err_new(ERR_FORMAT) : ERR_OK;
}

static inline void desk_numbers(void *ctx, struct server_numbers *out)
{
    struct desk *d = ctx;
    *out = d->numbers;
}

static inline bool desk_ready(void *ctx)
{
    struct desk *d = ctx;
    return d->ready;
}

static inline err_t desk_email_of(void *ctx, uuid_t account, char out[VIEW_EMAIL_BYTES])
{
    (void)ctx;
    (void)account;
    out[0] = '\0';
    return ERR_OK;
}

static inline void desk_begin(struct desk *d)
{
    static const char *const no_origins[] = {NULL};
    *d = (struct desk){.ready = true};
    house_begin(&d->house, HOUSE_SCRIPTED, 0);
    char dir[SCRATCH_PATH];
    scratch_path(&d->house.dir, "session_buffers", dir);
    const struct view_config view = {.dir = dir,
                                     .journal = d->house.svc.journal,
                                     .email_of = desk_email_of,
                                     .clock = clock_system()};
    assert_ok(view_open(&view, &d->view));
    d->house.svc.view = d->view;
    const struct shard_config second = {.service = &d->house.svc,
                                        .ledger = d->house.ledger,
                                        .lane = journal_lane(d->house.svc.journal, 0),
                                        .watcher = &d->house.watcher,
                                        .sessions_max = 1000};
    d->shard[0] = d->house.shard;
    assert_ok(shard_new(&second, &d->shard[1]));
    d->courier = (struct courier){.tell = desk_tell, .drain = desk_drain, .reload = desk_reload};
    d->numbers = (struct server_numbers){.shards = DESK_LOOPS, .shard = d->shard};
    d->api = (struct api){.service = &d->house.svc,
                          .courier = &d->courier,
                          .version = "1.2.3",
                          .metrics_token = "",
                          .public_origin = "",
                          .origins = no_origins,
                          .started = {SCRIPTED_WALL_MS - 90 * MS_PER_S},
                          .ledger = d->house.ledger,
                          .numbers = desk_numbers,
                          .numbers_ctx = d,
                          .ready = desk_ready};
}

static inline void desk_end(struct desk *d)
{
    assert_int_equal(bodies_held(&d->bodies), 0); /* whatever way the calls went */
    shard_free(&d->shard[1]);
    view_close(&d->view);
    house_end(&d->house);
}

/* For cmocka: each test gets a desk of its own. */
static inline int desk_set_up(void **state)
{
    struct desk *d = calloc(1, sizeof *d);
    assert_non_null(d);
    desk_begin(d);
    *state = d;
    return 0;
}

static inline int desk_tear_down(void **state)
{
    struct desk *d = *state;
    desk_end(d);
    free(d);
    return 0;
}

/* Log in, in the shard that owns the new session. */
static inline struct live *desk_log_in(struct desk *d, const char *email, const char *device)
{
    session_seed_t seed = {0};
    credentials_t credentials = {0};
    struct live *live = NULL;
    open_session(&d->house, email, device, &seed, &credentials);
    assert_ok(shard_open(desk_owner(d, seed.row.id), &seed, &live));
    return live;
}

/* A session with its token. */
struct bearer {
    struct live *live;
    struct shard *owner;
    char token[TOKEN_TEXT_BYTES];
    char header[TOKEN_TEXT_BYTES + 32]; /* the whole line */
    char id[UUID_TEXT_SIZE];
};

/* Log ANN in; her account is made with the first login. */
static inline void desk_enter(struct desk *d, struct bearer *b, const char *device)
{
    session_seed_t seed = {0};
    credentials_t credentials = {0};
    if (store_scripted_operations(d->house.svc.store) == 0) {
        (void)register_account(&d->house, ANN);
    }
    open_session(&d->house, ANN, device, &seed, &credentials);
    b->owner = desk_owner(d, seed.row.id);
    assert_ok(shard_open(b->owner, &seed, &b->live));
    memcpy(b->token, credentials.session_token, sizeof b->token);
    (void)snprintf(b->header, sizeof b->header, "Authorization: Bearer %s\r\n", b->token);
    uuid_print(b->live->id, b->id);
}

/* While the next call waits for its n-th stage, something else happens. */
static inline void desk_meanwhile(struct desk *d, unsigned stage,
                                  void (*act)(struct desk *d, void *ctx), void *ctx)
{
    d->act_before = stage;
    d->act = act;
    d->act_ctx = ctx;
}

/* Take a call through all its stages, as the server would. */
static inline void desk_run(struct desk *d, struct call *c, enum call_place place)
{
    const unsigned act_before = d->act_before; /* what happens meanwhile may be a call, too */
    d->act_before = 0;
    for (unsigned stage = 1; place != PLACE_DONE; stage++) {
        if (stage == act_before) {
            d->act(d, d->act_ctx);
        }
        if (place == PLACE_DURABLE) {
            settle(&d->house);
        }
        const bool pool = place == PLACE_COLD || place == PLACE_HASH;
        place = c->next(c, pool ? NULL : desk_owner(d, c->target));
    }
    assert_int_not_equal(c->status, 0);
}

/* Send one request as it would come in; `headers` are whole lines. */
static inline struct call *ask_from(struct desk *d, const arrival_t *from, const char *method,
                                    const char *target, const char *headers, const char *body)
{
    const size_t size = 8192 + strlen(body);
    char *const text = malloc(size);
    assert_non_null(text);
    const int len =
        snprintf(text, size, "%s %s HTTP/1.1\r\nHost: localhost\r\n%sContent-Length: %zu\r\n\r\n%s",
                 method, target, headers, strlen(body), body);
    assert_in_range(len, 1, size - 1);
    struct http_reader reader;
    struct http_request req;
    http_reader_init(&reader, HTTP_BODY_MAX);
    assert_int_equal(http_read(&reader, (uint8_t *)text, (size_t)len, &req), HTTP_READY);
    struct call *c = call_new(&d->api);
    assert_non_null(c);
    arrival_t arrival = *from;
    arrival.bodies = &d->bodies;
    const enum call_place place = api_dispatch(c, &req, &arrival);
    free(text); /* what the call needs of it, it has copied */
    desk_run(d, c, place);
    return c;
}

/* The same over the control socket; the body is JSON. */
static inline struct call *ask_local(struct desk *d, const char *method, const char *target,
                                     const char *body)
{
    const arrival_t from = {.from = "", .local = true};
    return ask_from(d, &from, method, target, "Content-Type: application/json\r\n", body);
}

/* The same from this machine, with a token (NULL: none); the body, if any, is JSON. */
static inline struct call *desk_ask(struct desk *d, const struct bearer *who, const char *method,
                                    const char *target, const char *body)
{
    const arrival_t from = {.from = "127.0.0.1", .address_narrow = 7, .loopback = true};
    char headers[TOKEN_TEXT_BYTES + 128];
    (void)snprintf(headers, sizeof headers, "%s%s", who == NULL ? "" : who->header,
                   body[0] == '\0' ? "" : "Content-Type: application/json\r\n");
    return ask_from(d, &from, method, target, headers, body);
}

/* Time passes until the clock is believed: from here on it can go back. */
static inline void desk_let_clock_settle(struct desk *d)
{
    clock_guard_watch(&d->house.svc);
    scripted_clock_pass(&d->house.clock, STEADY_FOR_MS);
    clock_guard_watch(&d->house.svc);
}

/* Ask, and look at the status only. */
static inline void desk_expect(struct desk *d, const struct bearer *who, const char *method,
                               const char *target, const char *body, unsigned status)
{
    struct call *c = desk_ask(d, who, method, target, body);
    if (c->status != status) {
        fail_msg("%s %s %s: %u instead of %u: %.*s", method, target, body, c->status, status,
                 (int)c->reply.len, (const char *)c->reply.ptr);
    }
    call_free(&c);
}

/* Whether the answer's body, or its own header lines, hold this text. */
static inline bool desk_said(const struct call *c, const char *text)
{
    const size_t len = strlen(text);
    return (c->reply.len > 0 && memmem(c->reply.ptr, c->reply.len, text, len) != NULL) ||
           (c->extra.len > 0 && memmem(c->extra.ptr, c->extra.len, text, len) != NULL);
}

/* The answer's body as JSON. */
static inline struct json *answer_of(const struct call *c)
{
    struct json *tree = NULL;
    assert_ok(json_parse(buf_span(&c->reply), &tree, NULL));
    return tree;
}

/* For desk_meanwhile(): the owner sees the thief's session (`ctx`, a bearer) and ends it. */
static inline void desk_owner_ends(struct desk *d, void *ctx)
{
    const struct bearer *thief = ctx;
    struct bearer owner;
    char path[96];
    desk_enter(d, &owner, "laptop");
    (void)snprintf(path, sizeof path, "/api/v1/auth/sessions/%s", thief->id);
    desk_expect(d, &owner, "DELETE", path, "", 204);
}

#endif
