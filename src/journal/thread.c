#include "journal/thread.h"

#include "base/clock.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

err_t thread_start(pthread_t *out, const char *name, void *(*run)(void *), void *context)
{
    sigset_t all;
    sigset_t before;
    MUST(sigfillset(&all) == 0);
    MUST(pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
    const int rc = pthread_create(out, NULL, run, context);
    MUST(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    if (rc != 0) {
        return err_new(ERR_NOMEM);
    }
    (void)pthread_setname_np(*out, name);
    return ERR_OK;
}

void thread_join(pthread_t thread)
{
    MUST(pthread_join(thread, NULL) == 0);
}

void lock_take(pthread_mutex_t *lock)
{
    MUST(pthread_mutex_lock(lock) == 0);
}

void lock_give(pthread_mutex_t *lock)
{
    MUST(pthread_mutex_unlock(lock) == 0);
}

err_t lock_init(pthread_mutex_t *lock, pthread_cond_t *changed)
{
    pthread_condattr_t how;
    if (pthread_condattr_init(&how) != 0) {
        return err_new(ERR_NOMEM);
    }
    MUST(pthread_condattr_setclock(&how, CLOCK_MONOTONIC) == 0);
    const int cond = pthread_cond_init(changed, &how);
    (void)pthread_condattr_destroy(&how);
    if (cond != 0) {
        return err_new(ERR_NOMEM);
    }
    if (pthread_mutex_init(lock, NULL) != 0) {
        (void)pthread_cond_destroy(changed);
        return err_new(ERR_NOMEM);
    }
    return ERR_OK;
}

void lock_deinit(pthread_mutex_t *lock, pthread_cond_t *changed)
{
    (void)pthread_mutex_destroy(lock);
    (void)pthread_cond_destroy(changed);
}

void wait_ms(pthread_cond_t *changed, pthread_mutex_t *lock, uint32_t ms)
{
    /* The kernel's clock, not the house's: a scripted clock cannot wake a thread. */
    const mono_t until = mono_after_ms(clock_mono(clock_system()), ms);
    const struct timespec at = {.tv_sec = (time_t)(until.ns / NS_PER_S),
                                .tv_nsec = (long)(until.ns % NS_PER_S)};
    const int rc = pthread_cond_timedwait(changed, lock, &at);
    MUST(rc == 0 || rc == ETIMEDOUT);
}
