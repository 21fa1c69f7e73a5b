#include "lab/bots/bot_typist.h"

#include "base/err.h"

#include <math.h>

#define TICK_MS 15.625

static const char *const names[BOT_SCRIPTS] = {
    "uniform", "gauss", "exponential", "lognormal", "table",    "pace",  "drawn",    "shuffled",
    "ticks",   "fixed", "thinks",      "narrow",    "digraphs", "gamma", "triangle", "bursts"};

const char *bot_script_name(enum bot_script script)
{
    return names[script];
}

void bot_typist_begin(struct bot_typist *t, enum bot_script script, struct rng *r)
{
    *t = (struct bot_typist){.script = script};
    const bool of_people = script == BOT_SCRIPT_DRAWN || script == BOT_SCRIPT_SHUFFLED;
    const bool always = script == BOT_SCRIPT_TICKS || script == BOT_SCRIPT_FIXED;
    t->waits_after_release = !of_people && (always || rng_below(r, 2) == 0);
    t->delay = rng_between(r, 60.0, 250.0);
    t->hold = rng_between(r, 40.0, 110.0);
    t->narrow = rng_below(r, 2) == 0 ? 1.0 : rng_between(r, 0.2, 1.0);
    for (size_t i = 0; i < BOT_TYPIST_KEYS; i++) {
        const bool table = script == BOT_SCRIPT_TABLE;
        t->delay_at[i] = table ? rng_between(r, 60.0, 250.0) : t->delay * exp(0.3 * rng_normal(r));
        t->hold_at[i] = table ? rng_between(r, 40.0, 110.0) : t->hold * exp(0.12 * rng_normal(r));
    }
}

static double tick(double ms)
{
    return ceil(ms / TICK_MS) * TICK_MS;
}

static double spread_by(struct rng *r, double mean, double share)
{
    return mean * rng_between(r, 1.0 - share, 1.0 + share);
}

static double triangle(struct rng *r, double mean, double share)
{
    return 0.5 * (spread_by(r, mean, share) + spread_by(r, mean, share));
}

/* Erlang's law of four. */
static double gamma_four(struct rng *r, double mean)
{
    double sum = 0.0;
    for (int i = 0; i < 4; i++) {
        sum -= log(1.0 - rng_double(r));
    }
    return 0.25 * mean * sum;
}

/* The laws that teach. */
static double law(enum bot_script s, double mean, double width, struct rng *r)
{
    if (s == BOT_SCRIPT_UNIFORM) {
        return spread_by(r, mean, 0.67 * width);
    }
    if (s == BOT_SCRIPT_GAUSS) {
        return fmax(mean * (1.0 + 0.3 * width * rng_normal(r)), 1.0);
    }
    if (s == BOT_SCRIPT_EXPONENTIAL) {
        return 10.0 - mean * log(1.0 - rng_double(r));
    }
    return mean * exp(0.4 * width * rng_normal(r));
}

static double hold_of(const struct bot_typist *t, size_t i, struct rng *r)
{
    switch (t->script) {
    case BOT_SCRIPT_TABLE: return spread_by(r, t->hold_at[i], 0.1);
    case BOT_SCRIPT_PACE: return spread_by(r, t->hold, 0.3);
    case BOT_SCRIPT_TICKS: return tick(rng_between(r, 30.0, 90.0));
    case BOT_SCRIPT_FIXED: return rng_between(r, 50.0, 150.0);
    case BOT_SCRIPT_THINKS: return fmax(80.0 + 20.0 * rng_normal(r), 20.0);
    case BOT_SCRIPT_NARROW: return spread_by(r, t->hold, 0.2);
    case BOT_SCRIPT_DIGRAPHS: return t->hold_at[i] * exp(0.15 * rng_normal(r));
    case BOT_SCRIPT_GAMMA: return gamma_four(r, t->hold);
    case BOT_SCRIPT_TRIANGLE: return triangle(r, t->hold, 0.5);
    case BOT_SCRIPT_BURSTS: return fmax(t->hold * (1.0 + 0.15 * rng_normal(r)), 15.0);
    case BOT_SCRIPT_UNIFORM:
    case BOT_SCRIPT_GAUSS:
    case BOT_SCRIPT_EXPONENTIAL:
    case BOT_SCRIPT_LOGNORMAL:
    case BOT_SCRIPT_DRAWN:
    case BOT_SCRIPT_SHUFFLED:
    case BOT_SCRIPTS: return law(t->script, t->hold, t->narrow, r);
    }
    return t->hold;
}

/* Milliseconds before key i. */
static double delay_of(struct bot_typist *t, size_t i, struct rng *r)
{
    switch (t->script) {
    case BOT_SCRIPT_TABLE: return spread_by(r, t->delay_at[i], 0.15);
    case BOT_SCRIPT_PACE:
        t->pace = 0.8 * t->pace + 0.21 * rng_normal(r);
        return t->delay * exp(t->pace);
    case BOT_SCRIPT_TICKS: return tick(rng_between(r, 50.0, 200.0));
    case BOT_SCRIPT_FIXED: return rng_between(r, 80.0, 300.0);
    case BOT_SCRIPT_THINKS:
        return rng_below(r, 20) == 0 ? rng_between(r, 300.0, 800.0)
                                     : fmax(t->delay * (1.0 + 0.4 * rng_normal(r)), 25.0);
    case BOT_SCRIPT_NARROW: return spread_by(r, t->delay, 0.5);
    case BOT_SCRIPT_DIGRAPHS: return t->delay_at[i] * exp(0.25 * rng_normal(r));
    case BOT_SCRIPT_GAMMA: return gamma_four(r, t->delay);
    case BOT_SCRIPT_TRIANGLE: return triangle(r, t->delay, 0.7);
    case BOT_SCRIPT_BURSTS:
        if (i < t->word_ends) {
            return spread_by(r, t->delay, 0.4);
        }
        t->word_ends = i + 3 + (size_t)rng_below(r, 6);
        return rng_between(r, 250.0, 700.0);
    case BOT_SCRIPT_UNIFORM:
    case BOT_SCRIPT_GAUSS:
    case BOT_SCRIPT_EXPONENTIAL:
    case BOT_SCRIPT_LOGNORMAL:
    case BOT_SCRIPT_DRAWN:
    case BOT_SCRIPT_SHUFFLED:
    case BOT_SCRIPTS: return law(t->script, t->delay, 1.0, r);
    }
    return t->delay;
}

static double held(const canara_key_t *k)
{
    return k->up_ms - k->down_ms;
}

/* Somebody's entry of as many keys. */
static const canara_key_t *draw(const struct bot_typed_pool *pool, size_t n, struct rng *r)
{
    for (;;) {
        const canara_event_t *const e = pool->entry[rng_below(r, pool->entries)];
        if (e->of.keystrokes.count == n) {
            return e->of.keystrokes.keys;
        }
    }
}

/* Times of people: each of another entry, or of this one in another order. */
static void take_times(const struct bot_typist *t, const canara_event_t *like,
                       const struct bot_typed_pool *pool, struct rng *r,
                       double hold[BOT_TYPIST_KEYS], double delay[BOT_TYPIST_KEYS])
{
    const size_t n = like->of.keystrokes.count;
    for (size_t i = 0; i < n; i++) {
        const canara_key_t *const k =
            t->script == BOT_SCRIPT_DRAWN ? draw(pool, n, r) : like->of.keystrokes.keys;
        hold[i] = held(&k[i]);
        delay[i] = i > 0 ? k[i].down_ms - k[i - 1].down_ms : 0.0;
    }
    for (size_t i = n; t->script == BOT_SCRIPT_SHUFFLED && i-- > 1;) {
        const size_t h = (size_t)rng_below(r, i + 1);
        const size_t d = 1 + (size_t)rng_below(r, i);
        const double was_held = hold[i];
        const double waited = delay[i];
        hold[i] = hold[h];
        hold[h] = was_held;
        delay[i] = delay[d];
        delay[d] = waited;
    }
}

void bot_typist_types(struct bot_typist *t, const canara_event_t *like,
                      const struct bot_typed_pool *pool, struct rng *r, canara_key_t *out)
{
    const size_t n = like->of.keystrokes.count;
    double hold[BOT_TYPIST_KEYS];
    double delay[BOT_TYPIST_KEYS];
    double at = 0.0;
    MUST(n <= BOT_TYPIST_KEYS);
    const bool of_people = t->script == BOT_SCRIPT_DRAWN || t->script == BOT_SCRIPT_SHUFFLED;
    if (of_people) {
        take_times(t, like, pool, r, hold, delay);
    }
    t->word_ends = 0;
    for (size_t i = 0; i < n; i++) {
        if (!of_people) {
            hold[i] = hold_of(t, i, r);
            delay[i] = delay_of(t, i, r);
        }
        at += i == 0 ? 0.0 : delay[i] + (t->waits_after_release ? hold[i - 1] : 0.0);
        out[i] = like->of.keystrokes.keys[i];
        out[i].has = 0;
        out[i].down_ms = rint(10.0 * at) / 10.0;
        out[i].up_ms = out[i].down_ms + rint(10.0 * hold[i]) / 10.0;
    }
}
