/* bootstrap_bench.c - figures and intervals of an evaluation of CMU's size. */
#include "lab/statistics/bootstrap.h"

#include "base/clock.h"
#include "base/rng.h"

#include <stdio.h>

enum { USERS = 51, GENUINE = 200, IMPOSTOR = 250 };

struct sample {
    double genuine[USERS][GENUINE];
    double impostor[USERS][IMPOSTOR];
    struct score_user user[USERS];
};

static void draw(struct sample *s)
{
    struct rng r;
    rng_seed(&r, 1);
    for (size_t u = 0; u < USERS; u++) {
        for (size_t i = 0; i < GENUINE; i++) {
            s->genuine[u][i] = 3.0 * rng_normal(&r) - 4.0;
        }
        for (size_t i = 0; i < IMPOSTOR; i++) {
            s->impostor[u][i] = 3.0 * rng_normal(&r) + 4.0;
        }
        s->user[u] = (struct score_user){"u", s->genuine[u], GENUINE, s->impostor[u], IMPOSTOR};
    }
}

int main(void)
{
    static struct sample s; /* NOLINT: large */
    const struct clock *const clock = clock_system();
    struct measures m;
    struct interval i[FIGURES];
    draw(&s);
    const mono_t begin = clock_mono(clock);
    MUST(!failed(measures_compute(s.user, USERS, &m, NULL)));
    const mono_t middle = clock_mono(clock);
    MUST(!failed(bootstrap_measures(s.user, USERS, (struct bootstrap_options){1000, 1}, i)));
    const mono_t end = clock_mono(clock);
    printf("figures of %d trials: %.1f ms; 1000 replicates of all of them: %.0f ms\n",
           USERS * (GENUINE + IMPOSTOR), (double)(middle.ns - begin.ns) / 1e6,
           (double)(end.ns - middle.ns) / 1e6);
    return 0;
}
