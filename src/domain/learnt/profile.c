#include "domain/learnt/profile.h"

#include "base/util.h"
#include "codec/json_cursor.h"
#include "domain/ground/audit.h"

#include <stdio.h>
#include <string.h>

_Static_assert((int)STORE_PART_BYTES >= (int)CANARA_PART_BYTES, "a part fits its row");
_Static_assert((int)STORE_PART_NAME_BYTES >= (int)CANARA_PART_NAME_BYTES, "and so does its name");

/* ---- reading ---- */

struct bad_part {
    char name[STORE_PART_NAME_BYTES];
    enum canara_status why;
};

/* A walk over the parts of a revision. Rows beyond CANARA_PROFILE_PARTS come out as bad ones too:
 * nothing that we wrote has more. */
struct reading {
    struct canara_profile *profile;
    struct bad_part bad[CANARA_PROFILE_PARTS];
    size_t bad_count; /* may be above the array's length */
};

static err_t take_part(void *ctx, const struct profile_part *part)
{
    struct reading *r = ctx;
    const enum canara_status loaded =
        canara_profile_load(r->profile, part->content.ptr, part->content.len);
    if (loaded == CANARA_OK) {
        return ERR_OK;
    }
    if (loaded == CANARA_NO_MEMORY) {
        return err_new(ERR_NOMEM);
    }
    if (r->bad_count < ARRAY_LEN(r->bad)) {
        struct bad_part *bad = &r->bad[r->bad_count];
        bad->why = loaded;
        (void)snprintf(bad->name, sizeof bad->name, "%s", part->name);
    }
    r->bad_count += 1;
    return ERR_OK;
}

/* Read a revision; on failure nothing is left in `r`. */
static err_t read_parts(struct service *svc, struct store_tx *tx, uuid_t account, uint32_t revision,
                        struct reading *r)
{
    if (canara_profile_new(svc->model, &r->profile) != CANARA_OK) {
        return err_new(ERR_NOMEM);
    }
    const err_t e = store_profile_load(tx, account, revision, take_part, r);
    if (failed(e)) {
        canara_profile_free(&r->profile);
    }
    return e;
}

err_t profile_read(struct service *svc, struct store_tx *tx, uuid_t account, uint32_t revision,
                   struct canara_profile **out, size_t *damaged)
{
    struct reading r = {0};
    TRY(read_parts(svc, tx, account, revision, &r));
    *out = r.profile;
    *damaged = r.bad_count;
    return ERR_OK;
}

err_t profile_newest(struct service *svc, struct store_tx *tx, uuid_t account,
                     struct canara_profile **out)
{
    struct profile_head head = {0};
    size_t damaged = 0;
    if (svc->model == NULL) {
        *out = NULL;
        return ERR_OK;
    }
    TRY(store_profile_head(tx, account, &head));
    return profile_read(svc, tx, account, head.revision, out, &damaged);
}

/* ---- for a session that opens ---- */

static const char *word_of(enum canara_status why)
{
    switch (why) {
    case CANARA_BAD_VERSION: return "version";
    case CANARA_FULL: return "too many";
    case CANARA_OK:
    case CANARA_BAD_VALUE:
    case CANARA_BAD_TIME:
    case CANARA_BAD_FORMAT:
    case CANARA_NO_MEMORY: break;
    }
    return "damaged";
}

/* A session only scores: what learning needs would be carried along for nothing. */
static err_t seal(struct canara_profile *profile)
{
    return canara_profile_seal(profile) == CANARA_OK ? ERR_OK : err_new(ERR_NOMEM);
}

static err_t set_aside(struct service *svc, struct store_tx *tx, uuid_t account,
                       const struct bad_part *bad, uint32_t *revision)
{
    char detail[192];
    struct json_writer w;
    json_writer_init_fixed(&w, detail, sizeof detail - 1);
    json_begin_object(&w);
    json_name(&w, "part");
    json_cstr(&w, bad->name);
    json_name(&w, "why");
    json_cstr(&w, word_of(bad->why));
    json_name(&w, "revision");
    json_uint(&w, *revision);
    json_end_object(&w);
    MUST(!failed(w.error));
    detail[json_written(&w).len] = '\0';
    TRY(store_profile_set_aside(tx, account, bad->name, clock_wall(svc->clock), revision));
    log_event(svc->log, LOG_WARN, "profile.damaged", FIELD_UUID("account", account),
              FIELD_TEXT("part", bad->name), FIELD_TEXT("why", word_of(bad->why)));
    counter_add_shared(&svc->profiles.damaged, 1);
    const audit_entry_t entry = {.kind = "profile.damaged", .account = account, .detail = detail};
    return audit_append(svc->audit, tx, &entry);
}

static err_t set_all_aside(struct service *svc, struct store_tx *tx, uuid_t account,
                           const struct reading *r, uint32_t *revision)
{
    for (size_t i = 0; i < size_min(r->bad_count, ARRAY_LEN(r->bad)); i++) {
        TRY(set_aside(svc, tx, account, &r->bad[i], revision));
    }
    return ERR_OK;
}

err_t profile_open(struct service *svc, struct store_tx *tx, uuid_t account,
                   struct canara_profile **out, uint32_t *revision)
{
    struct profile_head head = {0};
    struct reading r = {0};
    if (svc->model == NULL) {
        *out = NULL;
        *revision = 0;
        return ERR_OK;
    }
    TRY(store_profile_head(tx, account, &head));
    if (head.revision > 0) {
        TRY(read_parts(svc, tx, account, head.revision, &r));
    }
    err_t e = set_all_aside(svc, tx, account, &r, &head.revision);
    if (!failed(e) && r.profile != NULL) {
        e = seal(r.profile);
    }
    if (failed(e) || r.profile == NULL || canara_profile_parts(r.profile) == 0) {
        canara_profile_free(&r.profile);
    } else {
        counter_add_shared(&svc->profiles.loaded, 1);
    }
    TRY(e);
    *out = r.profile;
    *revision = head.revision;
    return ERR_OK;
}

/* ---- the pin ---- */

void profile_pin_write(const struct service *svc, uint32_t revision, struct json_writer *w)
{
    if (svc->model == NULL) {
        return;
    }
    json_name(w, "profile");
    json_uint(w, revision);
    json_name(w, "model");
    json_cstr(w, canara_model_name(svc->model));
}

/* What was read of a pin so far. */
struct pin_reading {
    struct json_cursor in;
    profile_pin_t pin;
    bool revision, model; /* the name was there: once, or the record is not ours */
};

static err_t once(bool *seen)
{
    if (*seen) {
        return err_new(ERR_FORMAT);
    }
    *seen = true;
    return ERR_OK;
}

/* Anything but a number leaves the pin unset. */
static err_t read_revision(struct pin_reading *r)
{
    double revision = 0.0;
    TRY(once(&r->revision));
    TRY(cursor_try_number(&r->in, &revision, &r->pin.set));
    if (!r->pin.set) {
        return cursor_skip(&r->in, NULL);
    }
    if (!(revision >= 0.0 && revision <= (double)UINT32_MAX)) {
        return err_new(ERR_FORMAT);
    }
    r->pin.revision = (uint32_t)revision;
    return (double)r->pin.revision < revision ? err_new(ERR_FORMAT) : ERR_OK;
}

static err_t read_model(struct pin_reading *r)
{
    span_t model = {0};
    TRY(once(&r->model));
    if (cursor_peek(&r->in) != JSON_NEXT_TEXT) {
        return err_new(ERR_FORMAT);
    }
    TRY(cursor_take_text(&r->in, &model));
    if (model.len >= sizeof r->pin.model) {
        return err_new(ERR_FORMAT);
    }
    memcpy(r->pin.model, model.ptr, model.len);
    return ERR_OK;
}

static err_t read_members(struct pin_reading *r)
{
    json_frame_t object;
    span_t name = {0};
    bool more = true;
    TRY(cursor_enter(&r->in, &object));
    for (;;) {
        TRY(cursor_next_name(&r->in, &object, &name, &more));
        if (!more) {
            return cursor_end(&r->in);
        }
        if (span_eq(name, SPAN_LIT("profile"))) {
            TRY(read_revision(r));
        } else if (span_eq(name, SPAN_LIT("model"))) {
            TRY(read_model(r));
        } else {
            TRY(cursor_skip(&r->in, NULL));
        }
    }
}

/* Without a tree: a start reads one for each live session. */
err_t profile_pin_read(const journal_record_t *record, profile_pin_t *out)
{
    uint8_t text[JSON_STRING_MAX];
    struct pin_reading r = {.in = {.at = record->data.ptr,
                                   .end = record->data.ptr + record->data.len,
                                   .text = text,
                                   .text_cap = sizeof text,
                                   .depth_max = JSON_DEPTH_MAX}};
    if (cursor_peek(&r.in) != JSON_NEXT_OBJECT) {
        return err_new(ERR_FORMAT);
    }
    TRY(read_members(&r));
    if (r.pin.set && !r.model) {
        return err_new(ERR_FORMAT);
    }
    *out = r.pin.set ? r.pin : (profile_pin_t){0};
    return ERR_OK;
}

/* The same parts as then, or none: half a profile would score like neither. */
static err_t read_pinned(struct service *svc, uuid_t account, uint32_t revision,
                         struct canara_profile **out, bool *whole)
{
    struct profile_head head = {0};
    struct canara_profile *profile = NULL;
    size_t damaged = 0;
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(svc->store, STORE_READ, &tx));
    TRY(store_profile_head(&tx, account, &head));
    if (!store_profile_is_whole(&head, revision)) {
        *whole = false;
        return ERR_OK;
    }
    TRY(profile_read(svc, &tx, account, revision, &profile, &damaged));
    *whole = damaged == 0;
    if (!*whole || canara_profile_parts(profile) == 0) {
        canara_profile_free(&profile);
    }
    if (profile != NULL && failed(seal(profile))) {
        canara_profile_free(&profile);
        return err_new(ERR_NOMEM);
    }
    *out = profile;
    return ERR_OK;
}

err_t profile_of_pin(struct service *svc, uuid_t account, const profile_pin_t *pin,
                     struct canara_profile **out, enum profile_found *found)
{
    struct canara_profile *profile = NULL;
    bool whole = true;
    if (!pin->set) {
        *out = NULL;
        *found = PROFILE_AS_PINNED;
        return ERR_OK;
    }
    if (svc->model == NULL) {
        whole = false;
    } else if (pin->revision > 0) {
        TRY(read_pinned(svc, account, pin->revision, &profile, &whole));
    }
    *out = profile;
    if (!whole) {
        *found = PROFILE_MISSING;
    } else {
        *found = strcmp(canara_model_name(svc->model), pin->model) == 0 ? PROFILE_AS_PINNED
                                                                        : PROFILE_OTHER_MODEL;
    }
    return ERR_OK;
}
