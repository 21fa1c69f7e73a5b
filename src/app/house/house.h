/*
 * house.h - everything that a running server is made of, started upwards and stopped downwards.
 *
 * Floor      app/house
 * Ownership  house_up() makes, house_down() takes; `settings` and `clock` are borrowed.
 * Errors     house_up() says in `why` what an operator must mend; what had started is stopped.
 * Threads    the main thread.
 */
#ifndef APP_HOUSE_H
#define APP_HOUSE_H

#include "api/api.h"
#include "app/house/kit.h"
#include "app/settings/settings.h"
#include "domain/sessions/recovery.h"
#include "server/server.h"

#include <pthread.h>
#include <stdbool.h>

enum { HOUSE_WHY_BYTES = KIT_WHY_BYTES, HOUSE_ORIGINS_MAX = 32, HOUSE_PATH_BYTES = 640 };

struct house {
    const int *inherited; /* before house_up(): sockets that listen already; borrowed */
    unsigned inherited_count;
    const char *handover;      /* before house_up(): a static word for `ctl status` */
    const struct asked *asked; /* before house_up(): who may end it early; NULL: nobody */
    struct kit *kit;  /* before house_up(): what outlives the house; NULL: nothing needs to */
    struct kit own;   /* then this one */
    int *store_lock;  /* before house_up(): where the lock of the store is kept over starts, the
                        caller's to close, -1 at first; NULL: it goes with the house */
    bool accept_loss; /* before house_up_data(): a journal that is too short will do */
    bool data_alone;  /* no view comes: retention removes nothing */
    bool journal_is_short; /* house_up...() failed: it lacks what was durable once */
    const struct settings *settings;
    const struct clock *clock;
    struct log *log;
    struct service service;
    struct ledger *ledger;
    struct replay_keeper *replay; /* NULL when switched off */
    struct checkpoint_keeper *checkpoints;
    pthread_t ledger_thread;
    struct canara_profile *stranger;
    struct tutor *tutor;
    pthread_t tutor_thread;
    struct api api;
    struct cidr_list trusted;
    struct server *server;
    recovery_report_t recovery;
    struct sleepers *sleepers; /* as recovery made them; NULL: none */
    int own_lock;
    size_t up; /* steps that are up */
    const char *origins[HOUSE_ORIGINS_MAX + 1];
    char origin_text[SETTING_LIST_BYTES];
    char journal_dir[HOUSE_PATH_BYTES], view_dir[HOUSE_PATH_BYTES], control[HOUSE_PATH_BYTES];
    char why[HOUSE_WHY_BYTES];
};

/* Look at all that house_up() needs without making or changing anything, also beside a server that
 * runs: keys, model and certificates stay in `h->kit`, which must be there; nothing is up after it. */
NODISCARD err_t house_look(struct house *h, const struct settings *settings,
                           const struct clock *clock);

/* Start what works on a data directory without serving anybody: no sockets, no sessions in memory.
 * As house_up() otherwise. */
NODISCARD err_t house_up_offline(struct house *h, const struct settings *settings,
                                 const struct clock *clock);

/* Open keys, journal and store alone. As house_up() otherwise. */
NODISCARD err_t house_up_data(struct house *h, const struct settings *settings,
                              const struct clock *clock);

/* Start everything. `h` is zeroed by the caller and does not move afterwards. */
NODISCARD err_t house_up(struct house *h, const struct settings *settings,
                         const struct clock *clock);

/* Put the newest time on record; what a start compares with. */
void house_note_time(struct house *h);

/* Stop everything, last first. */
void house_down(struct house *h);

#endif
