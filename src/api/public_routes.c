#include "api/routes.h"
#include "domain/ground/clock_guard.h"

static enum call_place say_status(struct call *c, const char *status)
{
    struct json_writer w;
    json_writer_init(&w, &c->reply);
    json_begin_object(&w);
    json_name(&w, "status");
    json_cstr(&w, status);
    json_end_object(&w);
    return answer_json(c, 200, &w);
}

enum call_place root_begin(struct call *c, struct shard *s)
{
    (void)s;

    static const struct {
        const char *name, *path;
    } links[] = {{"docs", "/docs"},
                 {"openapi", "/api/v1/openapi.json"},
                 {"asyncapi", "/api/v1/asyncapi.json"},
                 {"health", "/health"}};
    struct json_writer w;
    json_writer_init(&w, &c->reply);
    json_begin_object(&w);
    json_name(&w, "message");
    json_cstr(&w, "Canara AI Security Backend");
    json_name(&w, "version");
    json_cstr(&w, c->api->version);
    json_name(&w, "links");
    json_begin_object(&w);
    for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
        json_name(&w, links[i].name);
        json_cstr(&w, links[i].path);
    }
    json_end_object(&w);
    json_end_object(&w);
    return answer_json(c, 200, &w);
}

enum call_place health_begin(struct call *c, struct shard *s)
{
    (void)s;
    return say_status(c, "healthy");
}

enum call_place live_begin(struct call *c, struct shard *s)
{
    (void)s;
    return say_status(c, "live");
}

static err_t ask_store(struct store *store)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    struct meta_value value = {0};
    bool found = false;
    TRY(store_begin(store, STORE_READ, &tx));
    return store_meta_get(&tx, "ready", &value, &found);
}

/* What an operator has to mend; NULL: it runs. */
static const char *journal_fault(const struct journal *journal)
{
    switch (journal_state_of(journal)) {
    case JOURNAL_RUNNING: return NULL;
    case JOURNAL_DISK_FULL: return "The disk is full: events are refused until there is room";
    case JOURNAL_FAILED: break;
    }
    return "The journal could not be written: nothing is taken any more";
}

enum { CLOCK_RETRY_S = 60, READY_RETRY_S = 1 };

static enum call_place not_ready(struct call *c, uint32_t retry_s, const char *why)
{
    call_header_int(c, "Retry-After", retry_s);
    return problem_detail(c, PROBLEM_UNAVAILABLE, "%s", why);
}

/* Ready: the loops serve, the journal takes events, the store answers, the clock lets people log in. */
enum call_place ready_begin(struct call *c, struct shard *s)
{
    (void)s;
    if (!clock_guard_ok(c->service)) {
        return not_ready(c, CLOCK_RETRY_S,
                         "The clock was set back: nobody can log in until it is right, or an "
                         "operator accepts it");
    }
    const char *const fault = journal_fault(c->service->journal);
    if (fault != NULL) {
        return not_ready(c, READY_RETRY_S, fault);
    }
    if (!c->api->ready(c->api->numbers_ctx) || failed(ask_store(c->service->store))) {
        return problem_later(c, PROBLEM_UNAVAILABLE, READY_RETRY_S);
    }
    return say_status(c, "ready");
}
