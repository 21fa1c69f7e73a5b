#include "engine/machines/bot_series_body.h"

void bot_series_begin(struct bot_series *s)
{
    memset(s->dx, 0, BOT_SERIES_LEAD * sizeof *s->dx);
    memset(s->dy, 0, BOT_SERIES_LEAD * sizeof *s->dy);
    memset(s->dt, 0, BOT_SERIES_LEAD * sizeof *s->dt);
    memset(s->step, 0, BOT_SERIES_LEAD * sizeof *s->step);
    s->n = 0;
}

void bot_series_end(struct bot_series *s)
{
    const size_t end = BOT_SERIES_LEAD + s->n;
    memset(s->dx + end, 0, BOT_SERIES_LEAD * sizeof *s->dx);
    memset(s->dy + end, 0, BOT_SERIES_LEAD * sizeof *s->dy);
    memset(s->dt + end, 0, BOT_SERIES_LEAD * sizeof *s->dt);
}

void bot_series_any(struct bot_series *s, double f[MOVE_FEATURES])
{
    bot_series_body(s, f);
}

#if defined(__x86_64__)
bot_series_fn *bot_series_best(void)
{
    return __builtin_cpu_supports("avx2") ? bot_series_avx2 : bot_series_any;
}
#else
bot_series_fn *bot_series_best(void)
{
    return bot_series_any;
}
#endif
