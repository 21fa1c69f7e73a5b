/*
 * thread.h - the few things that this floor's threads need from pthreads.
 *
 * Floor      journal
 * Errors     ERR_NOMEM when the system gives no thread.
 * Threads    wait_ms(): the mutex is held by the caller.
 */
#ifndef JOURNAL_THREAD_H
#define JOURNAL_THREAD_H

#include "base/err.h"

#include <pthread.h>
#include <stdint.h>

/* Start a thread that takes no signals. */
NODISCARD err_t thread_start(pthread_t *out, const char *name, void *(*run)(void *), void *context);

void thread_join(pthread_t thread);

void lock_take(pthread_mutex_t *lock);
void lock_give(pthread_mutex_t *lock);

NODISCARD err_t lock_init(pthread_mutex_t *lock, pthread_cond_t *changed);
void lock_deinit(pthread_mutex_t *lock, pthread_cond_t *changed);

/* Wait for a broadcast, at most `ms`. May return early. */
void wait_ms(pthread_cond_t *changed, pthread_mutex_t *lock, uint32_t ms);

#endif
