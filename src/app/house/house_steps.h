/*
 * house_steps.h - what the files of the house share. Private to house*.c.
 *
 * Floor      app/house
 * Errors     a step that fails has said why: house_fault().
 * Threads    the main thread.
 */
#ifndef APP_HOUSE_STEPS_H
#define APP_HOUSE_STEPS_H

#include "app/house/house.h"
#include "domain/ground/pepper_guard.h"

/* Keep the reason for the operator; always ERR_IO. */
NODISCARD err_t house_fault(struct house *h, const char *format, ...) PRINTF_LIKE(2, 3);

/* The peppers are not those of the database: say which, and where. Always ERR_IO. */
NODISCARD err_t house_pepper_fault(struct house *h, const pepper_answer_t *answer);

/* The clock is behind the time on record. Always ERR_IO. */
NODISCARD err_t house_clock_fault(struct house *h);

/* Limits and protection of the process. */
NODISCARD err_t house_process_up(struct house *h);

/* Descriptors are enough; how many connections each loop may hold with them (may be NULL). */
NODISCARD err_t house_descriptors(struct house *h, uint32_t *each);

/* DATA_DIR as it is, if it is there; and the paths in it. */
NODISCARD err_t house_data_dir_look(struct house *h);

/* DATA_DIR, made when it is not there, ours alone; and the paths in it. */
NODISCARD err_t house_data_dir_up(struct house *h);

/* What the domain goes by. */
rules_t house_rules(const struct settings *s);

/* The store's lock: nobody else works on it meanwhile. */
NODISCARD err_t house_lock_up(struct house *h);
void house_lock_down(struct house *h);

/* Keys, journal, store and buffer files, each opened or made. */
NODISCARD err_t house_keys_up(struct house *h);
void house_keys_down(struct house *h);
NODISCARD err_t house_journal_up(struct house *h);
void house_journal_down(struct house *h);
NODISCARD err_t house_store_up(struct house *h);
void house_store_down(struct house *h);
NODISCARD err_t house_view_up(struct house *h);
void house_view_down(struct house *h);

/* Sessions of before, out of a checkpoint or the journal. */
NODISCARD err_t house_recovery_up(struct house *h);
void house_recovery_down(struct house *h);

/* The keeper of checkpoints, without its thread. */
NODISCARD err_t house_checkpoints_up(struct house *h);
void house_checkpoints_down(struct house *h);

/* The loops; at their end a last checkpoint. */
NODISCARD err_t house_serving_up(struct house *h);
void house_serving_down(struct house *h);

/* What begins in the background once the server answers. */
NODISCARD err_t house_keeping_up(struct house *h);
void house_keeping_down(struct house *h);

#endif
