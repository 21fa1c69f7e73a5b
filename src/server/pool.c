#include "server/pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

struct pool {
    struct pool_config config;
    pthread_mutex_t mutex;
    pthread_cond_t work;
    struct job *first, *last;
    size_t depth, busy;
    uint64_t refused;
    bool stopping;
    unsigned started;
    pthread_t thread[];
};

static struct job *take(struct pool *p)
{
    while (p->first == NULL && !p->stopping) {
        (void)pthread_cond_wait(&p->work, &p->mutex);
    }
    struct job *job = p->first;
    if (job != NULL) {
        p->first = job->next;
        p->last = p->first == NULL ? NULL : p->last;
        p->depth -= 1;
        p->busy += 1;
    }
    return job;
}

/* What sched_setattr(2) takes; the C library of Debian 12 does not declare it. */
struct scheduling {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t slice_ns, deadline_ns, period_ns;
};

enum { SLICE_NS = 100000 };

/* On Linux a thread has its own nice value: the loops stay in front. The short slice (honoured from
 * Linux 6.12 on) keeps a loop that wakes from waiting behind a hash for milliseconds. */
static void step_back(int nice)
{
    const struct scheduling wanted = {
        .size = sizeof wanted, .policy = SCHED_OTHER, .nice = nice, .slice_ns = SLICE_NS};
    if (syscall(SYS_sched_setattr, 0, &wanted, 0U) != 0) {
        (void)setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), nice);
    }
}

static void *work(void *context)
{
    struct pool *p = context;
    (void)pthread_setname_np(pthread_self(), p->config.name);
    if (p->config.nice > 0) {
        step_back(p->config.nice);
    }

    (void)pthread_mutex_lock(&p->mutex);
    for (struct job *job = NULL; (job = take(p)) != NULL;) {
        (void)pthread_mutex_unlock(&p->mutex);
        job->run(job, mono_ms_between(job->posted, clock_mono(p->config.clock)));
        (void)pthread_mutex_lock(&p->mutex);
        p->busy -= 1;
    }
    (void)pthread_mutex_unlock(&p->mutex);
    return NULL;
}

err_t pool_new(const struct pool_config *config, struct pool **out)
{
    struct pool *p = calloc(1, sizeof *p + config->workers * sizeof p->thread[0]);
    if (p == NULL) {
        return err_new(ERR_NOMEM);
    }
    p->config = *config;
    MUST(pthread_mutex_init(&p->mutex, NULL) == 0);
    MUST(pthread_cond_init(&p->work, NULL) == 0);
    for (unsigned i = 0; i < config->workers; i++) {
        if (pthread_create(&p->thread[i], NULL, work, p) != 0) {
            pool_free(&p);
            return err_new(ERR_IO);
        }
        p->started = i + 1;
    }
    *out = p;
    return ERR_OK;
}

void pool_stop(struct pool *p)
{
    (void)pthread_mutex_lock(&p->mutex);
    struct job *left = p->first;
    p->first = NULL;
    p->last = NULL;
    p->depth = 0;
    p->stopping = true;
    (void)pthread_cond_broadcast(&p->work);
    (void)pthread_mutex_unlock(&p->mutex);

    while (left != NULL) {
        struct job *job = left;
        left = job->next; /* behind its drop it may be gone */
        job->drop(job);
    }
    while (p->started > 0) {
        p->started -= 1;
        (void)pthread_join(p->thread[p->started], NULL);
    }
}

void pool_free(struct pool **p)
{
    if (*p == NULL) {
        return;
    }
    pool_stop(*p);
    (void)pthread_cond_destroy(&(*p)->work);
    (void)pthread_mutex_destroy(&(*p)->mutex);
    free(*p);
    *p = NULL;
}

bool pool_post(struct pool *p, struct job *job)
{
    MUST(job->drop != NULL);
    (void)pthread_mutex_lock(&p->mutex);
    const bool room = p->depth < p->config.queue && !p->stopping;
    if (room) {
        job->next = NULL;
        job->posted = clock_mono(p->config.clock);
        if (p->last == NULL) {
            p->first = job;
        } else {
            p->last->next = job;
        }
        p->last = job;
        p->depth += 1;
        (void)pthread_cond_signal(&p->work);
    } else {
        p->refused += 1;
    }
    (void)pthread_mutex_unlock(&p->mutex);
    return room;
}

size_t pool_depth(struct pool *p)
{
    (void)pthread_mutex_lock(&p->mutex);
    const size_t depth = p->depth;
    (void)pthread_mutex_unlock(&p->mutex);
    return depth;
}

size_t pool_busy(struct pool *p)
{
    (void)pthread_mutex_lock(&p->mutex);
    const size_t busy = p->busy;
    (void)pthread_mutex_unlock(&p->mutex);
    return busy;
}

uint64_t pool_refused(struct pool *p)
{
    (void)pthread_mutex_lock(&p->mutex);
    const uint64_t refused = p->refused;
    (void)pthread_mutex_unlock(&p->mutex);
    return refused;
}
