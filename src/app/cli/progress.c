#include "app/cli/progress.h"

#include "base/err.h"

#include <stdio.h>

#define QUIET_NS (2 * NS_PER_S)
#define PAUSE_NS (NS_PER_S / 5)

void progress_init(struct progress *p, const char *command, const struct clock *clock,
                   bool terminal)
{
    const mono_t now = clock_mono(clock);
    *p = (struct progress){
        .clock = clock, .command = command, .begin = now, .said = now, .terminal = terminal};
    MUST(pthread_mutex_init(&p->lock, NULL) == 0);
}

void progress_deinit(struct progress *p)
{
    if (p->shown) {
        (void)fprintf(stderr, "\r%*s\r", PROGRESS_LINE_BYTES - 18, "");
        (void)fflush(stderr);
    }
    (void)pthread_mutex_destroy(&p->lock);
}

void progress_line(char out[PROGRESS_LINE_BYTES], const char *command, double seconds, size_t done,
                   size_t all)
{
    const double share = all == 0 ? 0.0 : (double)done / (double)all;
    const int n = snprintf(out, PROGRESS_LINE_BYTES, "%.24s: %3.0f %%, %.0f s", command,
                           100.0 * share, seconds);
    MUST(n > 0 && n < PROGRESS_LINE_BYTES);
    if (done > 0) {
        (void)snprintf(out + n, (size_t)(PROGRESS_LINE_BYTES - n), ", about %.0f s left",
                       seconds / share - seconds);
    }
}

void progress_at(void *ctx, size_t done, size_t all)
{
    struct progress *const p = ctx;
    if (!p->terminal) {
        return;
    }
    const mono_t now = clock_mono(p->clock);
    MUST(pthread_mutex_lock(&p->lock) == 0);
    if (now.ns - p->begin.ns >= QUIET_NS && now.ns - p->said.ns >= PAUSE_NS) {
        char line[PROGRESS_LINE_BYTES];
        progress_line(line, p->command, (double)(now.ns - p->begin.ns) / (double)NS_PER_S, done,
                      all);
        (void)fprintf(stderr, "\r%-*s", PROGRESS_LINE_BYTES - 18, line);
        (void)fflush(stderr);
        p->said = now;
        p->shown = true;
    }
    MUST(pthread_mutex_unlock(&p->lock) == 0);
}
