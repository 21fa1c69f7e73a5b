/*
 * journal_loss.h - an operator gives up what the journal has lost.
 *
 * Floor      domain/accounts
 * Ownership  borrows the service: its store, audit and clock are used.
 * Errors     ERR_STORAGE, ERR_NOMEM, ERR_TIMEOUT; what is ended stays ended, and a second call ends the rest.
 * Threads    the main thread, while nobody serves.
 */
#ifndef DOMAIN_JOURNAL_LOSS_H
#define DOMAIN_JOURNAL_LOSS_H

#include "domain/ground/service.h"

/* End every live session, since nobody knows what spoke against which, and have the next login of their
 * customers ask for the MPIN. The audit has it first. `*ended` counts them. */
NODISCARD err_t journal_loss_accept(struct service *svc, uint64_t *ended);

#endif
