/* rest_fuzz.c - any request to a whole service, from its bytes to the bytes of its answer.
 *
 * The first byte says who asks: bit 0, with the token of an open session; bit 1, over the control
 * socket. Then a request with bare line feeds, an empty line and a body; Host and Content-Length
 * are added, and ~ stands for the id of the session. Whatever comes, the answer is one that a
 * client can read, and never 500. */
#include "api/desk_test.h"
#include "protocol/http_client.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len); /* NOLINT: libFuzzer's name */

enum { TEXT_MAX = 65536, ANSWER_MAX = 8 << 20, WITH_TOKEN = 1, LOCAL = 2 };

struct fixture {
    struct desk desk;
    struct bearer bearer;
    uint64_t operations; /* of the store, when nothing had been asked yet */
    uint64_t lines;      /* of the session, then */
};

static struct fixture *fixture; /* one for many inputs: a fuzzer's process ends with it */

static void end_fixture(void)
{
    if (fixture != NULL) {
        desk_end(&fixture->desk);
        free(fixture);
        fixture = NULL;
    }
}

/* Without throttles: the answer to an input must not depend on those before it. */
static void begin_fixture(void)
{
    fixture = calloc(1, sizeof *fixture);
    MUST(fixture != NULL);
    desk_begin(&fixture->desk);
    rules_t *rules = &fixture->desk.house.svc.rules;
    rules->login_per_account.count = 0;
    rules->login_per_address.count = 0;
    rules->login_success_per_account.count = 0;
    rules->refresh_per_session.count = 0;
    rules->register_per_address.count = 0;
    rules->mpin_per_address.count = 0;
    rules->events_per_second = 0;
    fixture->desk.api.debug = true;
    fixture->desk.api.ws_query_token = true;
    desk_enter(&fixture->desk, &fixture->bearer, "phone");
    fixture->operations = store_scripted_operations(fixture->desk.house.svc.store);
    fixture->lines = fixture->bearer.live->lines;
}

/* Whether the last request can have changed what the next one meets. */
static bool is_used(const struct fixture *f)
{
    const struct live *live = shard_find(f->bearer.owner, f->bearer.live->id);
    return live == NULL || live->lines != f->lines || live->blocked ||
           store_scripted_operations(f->desk.house.svc.store) != f->operations;
}

/* ---- the request */

static void put(struct buf *out, const char *text)
{
    MUST(!failed(buf_append(out, (span_t){(const uint8_t *)text, strlen(text)})));
}

static void put_byte(struct buf *out, uint8_t byte, bool head)
{
    if (byte == '~') {
        put(out, fixture->bearer.id);
    } else if (byte == '\n' && head) {
        put(out, "\r\n");
    } else {
        MUST(!failed(buf_append(out, (span_t){&byte, 1})));
    }
}

/* The part of `in` before `mark`, and what comes behind it; without a mark, all of it and nothing. */
static span_t cut(span_t in, const char *mark, span_t *behind)
{
    const size_t len = strlen(mark);
    const uint8_t *at = in.len > 0 ? memmem(in.ptr, in.len, mark, len) : NULL;
    const size_t before = at == NULL ? in.len : (size_t)(at - in.ptr);
    const size_t skip = at == NULL ? before : before + len;
    *behind = (span_t){in.ptr + skip, in.len - skip};
    return (span_t){in.ptr, before};
}

static void put_all(struct buf *out, span_t bytes, bool head)
{
    for (size_t i = 0; i < bytes.len; i++) {
        put_byte(out, bytes.ptr[i], head);
    }
}

static void write_request(uint8_t how, span_t in, struct buf *out)
{
    span_t lines = {0};
    span_t body = {0};
    const span_t head = cut(in, "\n\n", &body);
    put_all(out, cut(head, "\n", &lines), true);
    put(out, " HTTP/1.1\r\nHost: h\r\n");
    put_all(out, lines, true);
    put(out, lines.len > 0 ? "\r\n" : "");
    put(out, (how & WITH_TOKEN) != 0 ? fixture->bearer.header : "");

    struct buf whole;
    char length[64];
    buf_init(&whole, TEXT_MAX);
    put_all(&whole, body, false);
    (void)snprintf(length, sizeof length, "Content-Length: %zu\r\n\r\n", whole.len);
    put(out, length);
    MUST(!failed(buf_append(out, buf_span(&whole))));
    buf_deinit(&whole);
}

/* ---- the answer */

static bool is_json(const struct http_response *res)
{
    const span_t type = http_response_find(res, "content-type");
    return memmem(type.ptr, type.len, "json", 4) != NULL &&
           http_response_find(res, "content-encoding").len == 0;
}

static void check_answer(struct call *c)
{
    MUST(c->status >= 200 && c->status < 600 && c->status != 500);
    struct buf out;
    buf_init(&out, ANSWER_MAX);
    MUST(!failed(api_answer(c, true, &out)) && !failed(buf_append(&out, api_answer_page(c))));
    struct http_reader reader;
    struct http_response res;
    http_reader_init(&reader, ANSWER_MAX);
    MUST(http_response_read(&reader, out.ptr, out.len, c->head, &res) == HTTP_READY);
    MUST(res.status == c->status && res.used == out.len);
    const bool made_here = api_answer_page(c).len == 0; /* documents are deeper than what we read */
    if (made_here && res.body.len > 0 && res.body.len <= CALL_BODY_MAX && is_json(&res)) {
        struct json *tree = NULL;
        MUST(!failed(json_parse(res.body, &tree, NULL)));
        json_free(&tree);
    }
    buf_deinit(&out);
}

static void upgrade(struct call *c, const struct http_request *req, const arrival_t *from)
{
    upgrade_t up = {0};
    if (api_upgrade_check(c, req, from, &up)) {
        struct shard *owner = desk_owner(&fixture->desk, up.session);
        if (api_upgrade_admit(c, owner, &up) != NULL) {
            struct buf out;
            buf_init(&out, TEXT_MAX);
            MUST(!failed(api_upgrade_answer(&up, &out)) && out.len > 0);
            buf_deinit(&out);
            return;
        }
        if (c->status == 0) {
            desk_run(&fixture->desk, c, PLACE_COLD);
        }
    }
    check_answer(c);
}

static void ask(uint8_t how, struct buf *text)
{
    const bool local = (how & LOCAL) != 0;
    const arrival_t from = {.from = local ? "" : "127.0.0.1",
                            .address_narrow = 7,
                            .loopback = !local,
                            .local = local,
                            .bodies = &fixture->desk.bodies};
    struct http_reader reader;
    struct http_request req;
    http_reader_init(&reader, HTTP_BODY_MAX);
    const enum http_progress progress = http_read(&reader, text->ptr, text->len, &req);
    if (progress == HTTP_MORE) {
        return;
    }
    struct call *c = call_new(&fixture->desk.api);
    MUST(c != NULL);
    if (progress == HTTP_BAD) {
        api_refuse(c, reader.status, reader.reason);
        check_answer(c);
    } else if (!local && api_is_upgrade(&req)) {
        upgrade(c, &req, &from);
    } else {
        desk_run(&fixture->desk, c, api_dispatch(c, &req, &from));
        check_answer(c);
    }
    call_free(&c);
    MUST(bodies_held(&fixture->desk.bodies) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static bool registered;
    if (!registered) {
        registered = true;
        MUST(atexit(end_fixture) == 0);
    }
    if (len < 1 || len > TEXT_MAX / UUID_TEXT_SIZE) {
        return 0;
    }
    if (fixture == NULL) {
        begin_fixture();
    }
    fixture->desk.news = 0;
    fixture->desk.house.count = 0;
    struct buf text;
    buf_init(&text, (size_t)2 * TEXT_MAX);
    write_request(bytes[0], (span_t){bytes + 1, len - 1}, &text);
    ask(bytes[0], &text);
    buf_deinit(&text);
    if (is_used(fixture)) {
        end_fixture();
    }
    return 0;
}
