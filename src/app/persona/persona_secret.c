#include "app/persona/persona_secret.h"

#include <math.h>

#define DRIFT_SPREAD 0.010 /* of one place's log mean, from one session to the next */

enum { PASSWORD_KEYS_MIN = 8, MPIN_KEYS = 4 };

static const char *const field_names[SECRET_FIELDS] = {"password", "mpin"};

/* The hands are the body's, with the mood of the day; what is practised goes faster, and hands take
 * some pairs of keys faster than others. Spreads as in Killourhy and Maxion's set, 2009: about 0.2 of
 * a hold and 0.3 of a gap. */
static void draw_places(struct persona_secret *s, enum secret_field field,
                        const struct persona_body *body, struct rng *r)
{
    const enum canara_key_class like = field == SECRET_MPIN ? CANARA_KEY_DIGIT : CANARA_KEY_OTHER;
    const double practice = rng_between(r, 0.05, 0.45);
    const double steadiness = rng_between(r, 0.8, 1.2);
    for (size_t i = 0; i < SECRET_KEYS_MAX; i++) {
        struct secret_key *const key = &s->key[field][i];
        key->hold.mean = body->hold[like].mean + 0.14 * rng_normal(r);
        key->hold.spread = steadiness * rng_between(r, 0.12, 0.24);
        key->gap.mean = body->gap[like].mean - practice + 0.26 * rng_normal(r);
        key->gap.spread = steadiness * rng_between(r, 0.16, 0.34);
        key->pressure = body->pressure * exp(0.08 * rng_normal(r));
        key->size = body->area / 100.0 * exp(0.06 * rng_normal(r));
    }
}

static void drift(struct persona_secret *s, enum secret_field field, struct rng *r)
{
    for (size_t i = 0; i < SECRET_KEYS_MAX; i++) {
        s->key[field][i].hold.mean += DRIFT_SPREAD * rng_normal(r);
        s->key[field][i].gap.mean += DRIFT_SPREAD * rng_normal(r);
    }
}

void secret_init(struct persona_secret *s, const struct persona *p, uint64_t seed, unsigned number)
{
    enum { PURPOSE_ACCOUNT = 11, PURPOSE_OWNER, PURPOSE_STRANGER, PURPOSE_DRIFT, PURPOSE_SESSION };

    const bool stranger = p->kind == PERSONA_OTHER || p->kind == PERSONA_REMOTE;
    const uint64_t who = rng_seed_for(seed, stranger ? PURPOSE_STRANGER : PURPOSE_OWNER);
    const unsigned session = p->kind == PERSONA_REPLAY ? 0 : number;
    const uint64_t acts = p->kind == PERSONA_REPLAY ? PERSONA_OWNER : (uint64_t)p->kind;
    const unsigned steps = session < PERSONA_DRIFT_MAX ? session : PERSONA_DRIFT_MAX;
    struct rng account;
    struct rng person;
    struct rng drifting;
    rng_seed(&account, rng_seed_for(seed, PURPOSE_ACCOUNT));
    rng_seed(&person, who);
    rng_seed(&drifting, rng_seed_for(who, PURPOSE_DRIFT));

    *s = (struct persona_secret){.mobile = p->body.mobile};
    s->count[SECRET_PASSWORD] =
        PASSWORD_KEYS_MIN + (size_t)rng_below(&account, SECRET_KEYS_MAX - PASSWORD_KEYS_MIN + 1);
    s->count[SECRET_MPIN] = MPIN_KEYS;
    draw_places(s, SECRET_PASSWORD, &p->body, &person);
    draw_places(s, SECRET_MPIN, &p->body, &person);
    for (unsigned i = 0; i < steps; i++) {
        drift(s, SECRET_PASSWORD, &drifting);
        drift(s, SECRET_MPIN, &drifting);
    }
    rng_seed(&s->rng,
             rng_seed_for(rng_seed_for(rng_seed_for(who, PURPOSE_SESSION), session), acts));
}

static void write_share(struct json_writer *w, const char *name, double mean, struct rng *r)
{
    json_name(w, name);
    json_fixed(w, fmin(fmax(mean * exp(0.1 * rng_normal(r)), 0.01), 1.0), 3);
}

double secret_type(struct persona_secret *s, enum secret_field field, bool touch,
                   struct json_writer *w)
{
    double down = 0.0;
    double end = 0.0;
    json_begin_object(w);
    json_name(w, "field");
    json_cstr(w, field_names[field]);
    json_name(w, "keys");
    json_begin_array(w);
    for (size_t i = 0; i < s->count[field]; i++) {
        const struct secret_key *const key = &s->key[field][i];
        const double gap = log_normal_draw(&key->gap, &s->rng, 45.0, 4000.0);
        const double up = log_normal_draw(&key->hold, &s->rng, 25.0, 600.0);
        down += i == 0 ? 0.0 : gap;
        end = fmax(end, down + up);
        json_begin_object(w);
        json_name(w, "down");
        json_fixed(w, down, 1);
        json_name(w, "up");
        json_fixed(w, down + up, 1);
        json_name(w, "class");
        json_cstr(w, "other");
        if (touch && s->mobile) {
            write_share(w, "pressure", key->pressure, &s->rng);
            write_share(w, "size", key->size, &s->rng);
        }
        json_end_object(w);
    }
    json_end_array(w);
    json_end_object(w);
    return end;
}

err_t secret_event(struct persona_secret *s, enum secret_field field, struct buf *event,
                   int64_t *took_ms)
{
    struct json_writer w;
    buf_clear(event);
    json_writer_init(&w, event);
    json_begin_object(&w);
    json_name(&w, "event_type");
    json_cstr(&w, "keystrokes");
    json_name(&w, "data");
    const double took = secret_type(s, field, true, &w);
    json_end_object(&w);
    TRY(json_finish(&w));
    *took_ms = (int64_t)ceil(took);
    return ERR_OK;
}
