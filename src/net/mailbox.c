#include "net/mailbox.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

err_t mailbox_init(struct mailbox *mb)
{
    const int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0) {
        return err_new(ERR_IO);
    }
    mb->fd = fd;
    mb->oldest = &mb->stub;
    atomic_init(&mb->stub.next, NULL);
    atomic_init(&mb->newest, &mb->stub);
    atomic_init(&mb->rung, false);
    return ERR_OK;
}

void mailbox_deinit(struct mailbox *mb)
{
    (void)close(mb->fd);
    mb->fd = -1;
}

static void push(struct mailbox *mb, struct letter *letter)
{
    atomic_store_explicit(&letter->next, NULL, memory_order_relaxed);
    struct letter *before = atomic_exchange_explicit(&mb->newest, letter, memory_order_acq_rel);
    /* Between these two lines the chain is cut: the owner sees an end here and comes again when
     * this poster rings. */
    atomic_store_explicit(&before->next, letter, memory_order_release);
}

void mailbox_post(struct mailbox *mb, struct letter *letter)
{
    /* The letter, and with it whatever holds the mailbox, may be gone once it is taken: only the
     * mailbox itself, which outlives its posters, is touched after the push. */
    push(mb, letter);
    if (atomic_exchange_explicit(&mb->rung, true, memory_order_acq_rel)) {
        return;
    }
    const uint64_t one = 1;
    const ssize_t put = write(mb->fd, &one, sizeof one);
    (void)put; /* fails only when it rings already */
}

static struct letter *pop(struct mailbox *mb)
{
    struct letter *oldest = mb->oldest;
    struct letter *next = atomic_load_explicit(&oldest->next, memory_order_acquire);
    if (oldest == &mb->stub) {
        if (next == NULL) {
            return NULL;
        }
        mb->oldest = next;
        oldest = next;
        next = atomic_load_explicit(&oldest->next, memory_order_acquire);
    }
    if (next != NULL) {
        mb->oldest = next;
        return oldest;
    }
    if (oldest != atomic_load_explicit(&mb->newest, memory_order_acquire)) {
        return NULL; /* a poster is between its two lines */
    }
    push(mb, &mb->stub); /* so that the last letter can leave */
    next = atomic_load_explicit(&oldest->next, memory_order_acquire);
    if (next == NULL) {
        return NULL;
    }
    mb->oldest = next;
    return oldest;
}

struct letter *mailbox_take(struct mailbox *mb)
{
    struct letter *letter = pop(mb);
    if (letter != NULL) {
        return letter;
    }
    /* Empty: hush first, then say so, then look again. A post before "say so" is found by the
     * look, or finishes its push and rings; a post after it rings. Hushing last would swallow
     * the ring of a letter that the look missed. Hushed whatever `rung` says: the ring of a poster
     * that was held up comes behind its letter, and behind the last "say so". */
    uint64_t count = 0;
    const ssize_t got = read(mb->fd, &count, sizeof count);
    (void)got;
    (void)atomic_exchange_explicit(&mb->rung, false, memory_order_acq_rel);
    return pop(mb);
}
