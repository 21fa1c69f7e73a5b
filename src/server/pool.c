#include "server/pool.h"

#include "base/util.h"

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
    struct fair_queue first, usual;
    unsigned in_a_row; /* taken of the first since the last one of the others */
    size_t busy;
    uint64_t refused;
    bool stopping;
    unsigned started;
    pthread_t thread[];
};

/* So that nobody holds the others up for ever with what goes first. */
enum { FIRST_IN_A_ROW_MAX = 8 };

static struct job *job_of(struct queued *q)
{
    return CONTAINER_OF(q, struct job, queued);
}

static size_t depth_of(const struct pool *p)
{
    return p->first.root.waiting + p->usual.root.waiting;
}

static struct job *pick(struct pool *p)
{
    const bool usual = p->in_a_row >= FIRST_IN_A_ROW_MAX;
    struct queued *q = fair_queue_take(usual ? &p->usual : &p->first);
    if (q == NULL) {
        q = fair_queue_take(usual ? &p->first : &p->usual);
    }
    if (q == NULL) {
        return NULL;
    }
    struct job *job = job_of(q);
    p->in_a_row = job->lane == &p->first ? p->in_a_row + 1 : 0;
    return job;
}

static struct job *take(struct pool *p)
{
    struct job *job = pick(p);
    while (job == NULL && !p->stopping) {
        (void)pthread_cond_wait(&p->work, &p->mutex);
        job = pick(p);
    }
    if (job == NULL) {
        return NULL;
    }
    p->busy += 1;
    if (depth_of(p) > 0) { /* what had to wait for another's end may be anybody's turn now */
        (void)pthread_cond_signal(&p->work);
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
        const queued_t was = job->queued;
        struct fair_queue *const lane = job->lane;
        (void)pthread_mutex_unlock(&p->mutex);
        job->run(job, mono_ms_between(job->posted, clock_mono(p->config.clock)));
        (void)pthread_mutex_lock(&p->mutex);
        p->busy -= 1;
        fair_queue_done(lane, was);
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
    if (failed(fair_queue_init(&p->first, config->reserved, config->workers)) ||
        failed(fair_queue_init(&p->usual, config->queue, config->workers))) {
        pool_free(&p);
        return err_new(ERR_NOMEM);
    }
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

static void drop_all(struct queued *left)
{
    while (left != NULL) {
        struct job *job = job_of(left);
        left = left->next; /* behind its drop it may be gone */
        job->drop(job);
    }
}

void pool_stop(struct pool *p)
{
    (void)pthread_mutex_lock(&p->mutex);
    struct queued *first = fair_queue_clear(&p->first);
    struct queued *usual = fair_queue_clear(&p->usual);
    p->stopping = true;
    (void)pthread_cond_broadcast(&p->work);
    (void)pthread_mutex_unlock(&p->mutex);

    drop_all(first);
    drop_all(usual);
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
    fair_queue_deinit(&(*p)->first);
    fair_queue_deinit(&(*p)->usual);
    free(*p);
    *p = NULL;
}

static bool put(struct fair_queue *lane, struct job *job, struct queued **out)
{
    job->lane = lane;
    return fair_queue_put(lane, &job->queued, out);
}

bool pool_post(struct pool *p, struct job *job)
{
    MUST(job->drop != NULL && job->refuse != NULL);
    struct queued *out = NULL;
    (void)pthread_mutex_lock(&p->mutex);
    job->posted = clock_mono(p->config.clock);
    const bool taken =
        !p->stopping && ((job->first && put(&p->first, job, &out)) || put(&p->usual, job, &out));
    if (taken) {
        (void)pthread_cond_signal(&p->work);
    }
    p->refused += !taken || out != NULL ? 1 : 0;
    (void)pthread_mutex_unlock(&p->mutex);
    if (out != NULL) {
        job_of(out)->refuse(job_of(out));
    }
    return taken;
}

size_t pool_depth(struct pool *p)
{
    (void)pthread_mutex_lock(&p->mutex);
    const size_t depth = depth_of(p);
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
