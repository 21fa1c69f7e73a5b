/* profile_routes.c - what an operator may see of a profile, and do to it; never its content. */
#include "api/body.h"
#include "api/routes.h"
#include "base/util.h"
#include "codec/json_read.h"
#include "domain/accounts/account.h"
#include "domain/ground/audit.h"
#include "domain/learnt/profile.h"

#include <string.h>

enum { ROLL_BACK_NONE = -1 };

struct profile_row {
    char name[STORE_PART_NAME_BYTES];
    uint32_t revision;
    uint32_t bytes;
};

struct profile_work {
    uuid_t account;
    int64_t to; /* ROLL_BACK_NONE: only a look; 0: reset */
    struct profile_head head;
    canara_learning_t learning;
    struct profile_row row[CANARA_PROFILE_PARTS];
    size_t rows;
    size_t damaged; /* parts that could not be read now */
};

/* ---- the question ---- */

static void read_to(const struct call *c, struct faults *f, struct profile_work *work)
{
    bool reset = false;
    work->to = ROLL_BACK_NONE;
    if (body_is_given(c, "reset") && !json_get_bool(c->json, "reset", &reset)) {
        fault_add(f, "reset", "must be true or false");
    }
    if (reset) {
        work->to = 0;
    }
    if (!body_is_given(c, "rollback")) {
        return;
    }
    if (reset) {
        fault_add(f, "rollback", "give either this or reset");
    } else if (!json_get_int(c->json, "rollback", &work->to) || work->to < 1 ||
               work->to > UINT32_MAX) {
        fault_add(f, "rollback", "must be the number of a revision");
    }
}

static err_t find(struct call *c, const email_t *email, struct profile_work *work, bool *found)
{
    CLEANUP(account_wipe) struct account_row row = {0};
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(c->service->store, STORE_READ, &tx));
    if (email->len > 0) {
        TRY(store_account_by_email(&tx, email->key, &row, found));
        work->account = row.id;
        return ERR_OK;
    }
    return store_account_by_id(&tx, work->account, &row, found);
}

/* ---- the act; a look is one, too ---- */

static err_t write_down(struct call *c, struct store_tx *tx, const struct profile_work *work)
{
    char detail[64];
    struct json_writer w;
    json_writer_init_fixed(&w, detail, sizeof detail - 1);
    json_begin_object(&w);
    json_name(&w, "revision");
    json_uint(&w, work->head.revision);
    if (work->to != ROLL_BACK_NONE) {
        json_name(&w, "to");
        json_int(&w, work->to);
    }
    json_end_object(&w);
    MUST(!failed(w.error));
    detail[json_written(&w).len] = '\0';
    const char *kind = work->to == ROLL_BACK_NONE ? "operator.profile"
                       : work->to == 0            ? "operator.profile_reset"
                                                  : "operator.profile_rollback";
    log_event(c->service->log, LOG_NOTICE, "operator.act", FIELD_TEXT("kind", kind),
              FIELD_TEXT("request_id", c->request_id));
    const audit_entry_t entry = {.kind = kind, .account = work->account, .detail = detail};
    return audit_append(c->service->audit, tx, &entry);
}

static err_t act(struct call *c, struct profile_work *work, enum profile_answer *out)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(c->service->store, STORE_WRITE, &tx));
    TRY(store_profile_head(&tx, work->account, &work->head));
    if (work->to != ROLL_BACK_NONE) {
        TRY(store_profile_roll_back(&tx, work->account, (uint32_t)work->to,
                                    clock_wall(c->service->clock), out));
    }
    if (*out != PROFILE_SAVED) {
        return ERR_OK;
    }
    TRY(write_down(c, &tx, work));
    return store_commit(&tx);
}

/* ---- the look ---- */

static err_t note_row(void *ctx, const struct profile_part *part)
{
    struct profile_work *work = ctx;
    if (work->rows < ARRAY_LEN(work->row)) {
        struct profile_row *row = &work->row[work->rows++];
        memcpy(row->name, part->name, strlen(part->name) + 1);
        row->revision = part->revision;
        row->bytes = (uint32_t)part->content.len;
    }
    return ERR_OK;
}

static err_t look(struct call *c, struct profile_work *work)
{
    struct canara_profile *profile = NULL;
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(c->service->store, STORE_READ, &tx));
    TRY(store_profile_head(&tx, work->account, &work->head));
    TRY(store_profile_load(&tx, work->account, work->head.revision, note_row, work));
    if (c->service->model != NULL) {
        TRY(profile_read(c->service, &tx, work->account, work->head.revision, &profile,
                         &work->damaged));
    }
    work->learning = canara_profile_learning(profile);
    canara_profile_free(&profile);
    return ERR_OK;
}

static enum call_place answer(struct call *c, const struct profile_work *work)
{
    struct json_writer w;
    json_writer_init(&w, &c->reply);
    json_begin_object(&w);
    json_name(&w, "account_id");
    json_uuid(&w, work->account);
    json_name(&w, "revision");
    json_uint(&w, work->head.revision);
    json_name(&w, "oldest");
    json_uint(&w, work->head.oldest);
    json_name(&w, "saved");
    if (work->head.revision > 0) {
        json_time(&w, work->head.saved);
    } else {
        json_nil(&w);
    }
    json_name(&w, "model");
    json_cstr(&w, model_name(c->service));
    write_learning(work->learning, &w);
    json_name(&w, "damaged");
    json_uint(&w, work->damaged);
    json_name(&w, "parts");
    json_begin_array(&w);
    for (size_t i = 0; i < work->rows; i++) {
        json_begin_object(&w);
        json_name(&w, "name");
        json_cstr(&w, work->row[i].name);
        json_name(&w, "revision");
        json_uint(&w, work->row[i].revision);
        json_name(&w, "bytes");
        json_uint(&w, work->row[i].bytes);
        json_end_object(&w);
    }
    json_end_array(&w);
    json_end_object(&w);
    return answer_json(c, 200, &w);
}

enum call_place ctl_profile_begin(struct call *c, struct shard *s)
{
    (void)s;
    struct faults f = {0};
    email_t email = {0};
    bool found = false;
    struct profile_work *work = call_keep(c, sizeof *work);
    if (body_is_given(c, "email") == body_is_given(c, "account_id")) {
        fault_add(&f, "email", "give either this or account_id");
    } else {
        (void)(body_is_given(c, "email") ? body_email(c, &f, "email", &email)
                                         : body_uuid(c, &f, "account_id", true, &work->account));
    }
    read_to(c, &f, work);
    if (f.count > 0) {
        return problem_faults(c, &f);
    }
    enum profile_answer done = PROFILE_SAVED;
    err_t e = find(c, &email, work, &found);
    if (!failed(e) && !found) {
        return problem_detail(c, PROBLEM_NOT_FOUND, "Account not found");
    }
    if (!failed(e)) {
        e = act(c, work, &done);
    }
    if (!failed(e) && done != PROFILE_SAVED) {
        return problem_detail(c, PROBLEM_NOT_FOUND, "The profile has no revision %lld any more",
                              (long long)work->to);
    }
    if (!failed(e)) {
        e = look(c, work);
    }
    return failed(e) ? problem_world(c, e) : answer(c, work);
}
