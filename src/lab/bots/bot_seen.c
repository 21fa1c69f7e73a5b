#include "lab/bots/bot_seen.h"

#include "engine/arithmetic/numbers.h"
#include "engine/machines/bot_motion.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A movement by its whole px and ms, from its own beginning on. */
static uint64_t hash_of(const canara_point_t *p, size_t n)
{
    uint64_t hash = FNV_START;
    for (size_t i = 0; i < n; i++) {
        const double x[3] = {rint(p[i].x), rint(p[i].y), rint(p[i].t_ms - p[0].t_ms)};
        uint8_t bytes[sizeof x];
        memcpy(bytes, x, sizeof x);
        hash = fnv_add(hash, bytes, sizeof bytes);
    }
    return hash;
}

static bool is_path(const canara_event_t *e)
{
    return e->kind == CANARA_POINTER && (e->has & CANARA_F_POINTS) != 0 &&
           e->of.path.count >= BOT_MOTION_MIN_POINTS;
}

static int ascending(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a;
    const uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

bool bot_seen_any(const struct bot_seen *seen, const struct dataset *set)
{
    const struct dataset_trials trials = dataset_bot_trials(set);
    for (size_t i = 0; i < trials.count; i++) {
        const struct dataset_session *s = dataset_session(set, trials.at[i].session);
        for (size_t e = s->first; e < (size_t)s->first + s->count; e++) {
            const canara_event_t *event = &dataset_event(set, e)->event;
            if (!is_path(event)) {
                continue;
            }
            const uint64_t hash = hash_of(event->of.path.points, event->of.path.count);
            if (bsearch(&hash, seen->hash, seen->count, sizeof hash, ascending) != NULL) {
                return true;
            }
        }
    }
    return false;
}

/* ---- making the table ---- */

/* The least hashes of one user, ascending. */
struct least {
    uint64_t hash[BOT_SEEN_EACH];
    size_t count;
};

static void put(struct least *l, uint64_t hash)
{
    size_t at = l->count;
    while (at > 0 && l->hash[at - 1] > hash) {
        at--;
    }
    if (at == BOT_SEEN_EACH || (at > 0 && l->hash[at - 1] == hash)) {
        return;
    }
    l->count += l->count < BOT_SEEN_EACH;
    for (size_t i = l->count - 1; i > at; i--) {
        l->hash[i] = l->hash[i - 1];
    }
    l->hash[at] = hash;
}

static void put_session(const struct dataset *set, uint32_t session, struct least *of_user)
{
    const struct dataset_session *s = dataset_session(set, session);
    for (size_t e = s->first; e < (size_t)s->first + s->count; e++) {
        const canara_event_t *event = &dataset_event(set, e)->event;
        if (is_path(event)) {
            put(&of_user[s->user], hash_of(event->of.path.points, event->of.path.count));
        }
    }
}

err_t bot_seen_add(const struct dataset *set, uint64_t **hash, size_t *count)
{
    const size_t users = dataset_users(set);
    struct least *const of_user = calloc(users + 1, sizeof *of_user);
    uint64_t *const grown = reallocarray(*hash, *count + users * BOT_SEEN_EACH + 1, sizeof *grown);
    *hash = grown == NULL ? *hash : grown;
    if (of_user == NULL || grown == NULL) {
        free(of_user);
        return err_new(ERR_NOMEM);
    }
    const struct dataset_trials trials = dataset_bot_trials(set);
    for (size_t i = 0; i < trials.count; i++) {
        put_session(set, trials.at[i].session, of_user);
    }
    for (size_t m = 0; m < dataset_models(set); m++) {
        for (size_t i = 0; i < dataset_model(set, m)->enrols; i++) {
            put_session(set, dataset_model(set, m)->enrol[i], of_user);
        }
    }
    for (size_t u = 0; u < users; u++) {
        for (size_t i = 0; i < of_user[u].count; i++) {
            grown[(*count)++] = of_user[u].hash[i];
        }
    }
    free(of_user);
    qsort(grown, *count, sizeof *grown, ascending);
    return ERR_OK;
}

err_t bot_seen_print(const struct bot_seen *seen, FILE *to)
{
    bool ok =
        fprintf(to, "/* Written by bot_seen_print(), src/lab/bots/bot_seen.c; docs/engine/bots.md "
                    "says from what. */\n#include \"lab/bots/bot_seen.h\"\n\n"
                    "/* clang-format off */\nstatic const uint64_t hash[] = {") > 0;
    for (size_t i = 0; i < seen->count; i++) {
        ok = ok &&
             fprintf(to, "%s0x%016" PRIx64 ",", i % 4 == 0 ? "\n    " : " ", seen->hash[i]) > 0;
    }
    ok = ok && fputs("\n};\n/* clang-format on */\n\nstruct bot_seen bot_seen_shipped(void)\n{\n"
                     "    return (struct bot_seen){hash, sizeof hash / sizeof *hash};\n}\n",
                     to) >= 0;
    return ok ? ERR_OK : err_new(ERR_IO);
}
