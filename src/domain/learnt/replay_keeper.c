#include "domain/learnt/replay_keeper.h"

#include "base/fd.h"
#include "base/hash_map.h"
#include "base/rng.h"
#include "base/util.h"
#include "base/write_all.h"
#include "codec/event_scan.h"
#include "journal/journal_read.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { PATH_BYTES = 640, SAVE_EVERY_S = 600, STOP_LOOK = 256, LEARN_NICE = 10 };

#define LEARN_BYTES (UINT64_C(256) << 20)

struct replay_keeper {
    struct replay_keeper_config config;
    struct replay_memory *memory;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool stop, begun, learnt; /* under `lock` */
    uint64_t
        until;   /* frames from here on are fed as they come: taken twice, they would look common */
    bool behind; /* the thread's: the journal is not learnt yet */
    replay_saved_t saved; /* what the memory knew at the start */
    char path[PATH_BYTES], draft[PATH_BYTES], aside[PATH_BYTES];
};

/* ---- the file ---- */

static err_t write_file(struct replay_keeper *k, span_t bytes)
{
    CLEANUP(fd_close)
    int fd =
        open(k->draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (fd < 0 || failed(write_all(fd, bytes)) || fsync(fd) != 0 ||
        rename(k->draft, k->path) != 0) {
        (void)unlink(k->draft);
        return err_new(ERR_IO);
    }
    CLEANUP(fd_close)
    int folder = open(k->config.data_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return folder >= 0 && fsync(folder) == 0 ? ERR_OK : err_new(ERR_IO);
}

/* Twice the memory is more than a whole one needs with its numbers of buckets. */
static size_t file_limit(const struct replay_keeper *k)
{
    return 2 * k->config.bytes + 4096;
}

err_t replay_keeper_save(struct replay_keeper *k)
{
    if (!replay_memory_changed(k->memory)) {
        return ERR_OK;
    }
    CLEANUP(buf_deinit) struct buf text;
    buf_init(&text, file_limit(k));
    /* Asked before: what comes meanwhile and is in the file is learnt again after a crash, and counts as a
     * repetition within its session. Asked afterwards, what missed its bucket would be lost: as much. */
    const uint64_t known = k->config.journal == NULL ? 0 : journal_committed(k->config.journal);
    TRY(replay_memory_write(k->memory, known, &text));
    return write_file(k, buf_span(&text));
}

static void free_bytes(uint8_t **bytes)
{
    free(*bytes);
}

static err_t read_file(struct replay_keeper *k, replay_saved_t *saved, bool *found)
{
    CLEANUP(fd_close) int fd = open(k->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    *found = fd >= 0;
    if (fd < 0) {
        *found = errno != ENOENT;
        return errno == ENOENT ? ERR_OK : err_new(ERR_FORMAT);
    }
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
        (st.st_mode & 077) != 0 || st.st_size <= 0 || (uint64_t)st.st_size > file_limit(k)) {
        return err_new(ERR_FORMAT);
    }
    const size_t len = (size_t)st.st_size;
    CLEANUP(free_bytes) uint8_t *bytes = malloc(len);
    if (bytes == NULL) {
        return err_new(ERR_NOMEM);
    }
    for (size_t done = 0; done < len;) {
        const ssize_t got = read(fd, bytes + done, len - done);
        if (got == 0 || (got < 0 && errno != EINTR)) {
            return err_new(ERR_FORMAT);
        }
        done += got > 0 ? (size_t)got : 0;
    }
    return replay_memory_read(k->memory, (span_t){bytes, len}, saved);
}

/* ---- the journal ---- */

struct lesson {
    struct replay_keeper *k;
    struct map index; /* of a session in `track` */
    replay_track_t *track;
    uint32_t tracks, cap;
    struct event_scratch *scratch;
    uint64_t events;
    uint64_t lost; /* frames that cannot be read, and are done without */
};

static err_t track_of(struct lesson *l, uuid_t session, replay_track_t **out)
{
    uint32_t at = 0;
    if (map_get(&l->index, session, &at)) {
        *out = &l->track[at];
        return ERR_OK;
    }
    if (l->tracks == l->cap) {
        const uint32_t cap = l->cap == 0 ? 256 : 2 * l->cap;
        replay_track_t *const grown = realloc(l->track, cap * sizeof *grown);
        if (grown == NULL) {
            return err_new(ERR_NOMEM);
        }
        l->track = grown;
        l->cap = cap;
    }
    TRY(map_put(&l->index, session, l->tracks));
    *out = &l->track[l->tracks++];
    **out = (replay_track_t){0};
    return ERR_OK;
}

static bool is_stopping(struct replay_keeper *k)
{
    (void)pthread_mutex_lock(&k->lock);
    const bool stop = k->stop;
    (void)pthread_mutex_unlock(&k->lock);
    return stop;
}

static err_t learn_record(struct lesson *l, const journal_record_t *record)
{
    scanned_event_t event = {0};
    scan_fault_t fault = {0};
    if (record->kind != JOURNAL_EVENT || record->at.ms < l->k->saved.at.ms ||
        event_scan_stored(l->scratch, record->type, record->data, &event, &fault) != SCAN_OK) {
        return ERR_OK; /* what is wrong with a record is for the recovery to say */
    }
    replay_track_t *track = NULL;
    TRY(track_of(l, record->session, &track));
    replay_memory_learn(l->k->memory, track, record->account, record->session, &event.event,
                        record->at);
    l->events++;
    return ERR_OK;
}

static void report_damage(const struct lesson *l, const struct journal_reader *reader)
{
    const struct journal_fault *where = journal_reader_fault(reader);
    if (l->k->config.log != NULL) {
        log_event(l->k->config.log, LOG_ERROR, "journal.damage", FIELD_TEXT("file", where->file),
                  FIELD_INT("offset", (int64_t)where->offset), FIELD_TEXT("reason", where->reason));
    }
}

/* It cannot be read on here: go on behind the damage, or with the oldest that retention has left. `*more`: there is
 * something behind it. */
static err_t pass_over(struct lesson *l, struct journal_reader **reader, bool *more)
{
    uint64_t lost = 0;
    if (journal_reader_is_outrun(*reader)) {
        const uint64_t from = journal_reader_sequence(*reader);
        journal_reader_close(reader);
        return journal_reader_open(journal_dir(l->k->config.journal), from, l->k->until, reader,
                                   NULL);
    }
    report_damage(l, *reader);
    TRY(journal_reader_skip(*reader, &lost, more));
    l->lost += lost;
    return ERR_OK;
}

/* The next record that can be read. */
static err_t next_record(struct lesson *l, struct journal_reader **reader, journal_record_t *out,
                         bool *more)
{
    err_t e = journal_reader_next(*reader, out, more);
    while (e.code == ERR_FORMAT) {
        TRY(pass_over(l, reader, more));
        e = *more ? journal_reader_next(*reader, out, more) : ERR_OK;
    }
    return e;
}

static err_t learn_records(struct lesson *l)
{
    struct journal *const j = l->k->config.journal;
    const replay_saved_t *saved = &l->k->saved;
    const uint64_t young =
        saved->sequence > 0 ? saved->sequence : journal_sequence_since(j, saved->at);
    const uint64_t near = journal_sequence_for_tail(j, LEARN_BYTES);
    CLEANUP(journal_reader_close) struct journal_reader *reader = NULL;
    TRY(journal_reader_open(journal_dir(j), young > near ? young : near, l->k->until, &reader,
                            NULL));
    for (;;) {
        journal_record_t record = {0};
        bool more = true;
        TRY(next_record(l, &reader, &record, &more));
        if (!more) {
            return ERR_OK;
        }
        if (l->events % STOP_LOOK == 0 && is_stopping(l->k)) {
            return err_new(ERR_TIMEOUT);
        }
        TRY(learn_record(l, &record));
    }
}

static void learn(struct replay_keeper *k)
{
    struct lesson l = {.k = k, .scratch = malloc(sizeof *l.scratch)};
    uint64_t seed = 0;
    rng_fill(&seed, sizeof seed);
    map_init(&l.index, seed);
    const err_t e = l.scratch == NULL ? err_new(ERR_NOMEM) : learn_records(&l);
    if (k->config.log != NULL) {
        log_event(k->config.log, failed(e) ? LOG_WARN : LOG_INFO, "replay.learnt",
                  FIELD_INT("events", (int64_t)l.events), FIELD_INT("lost", (int64_t)l.lost),
                  FIELD_INT("error", (int64_t)e.code));
    }
    map_deinit(&l.index);
    free(l.track);
    free(l.scratch);
    k->behind = failed(e); /* a file saved now would say that it knows all */
}

/* ---- open and close ---- */

static void load(struct replay_keeper *k)
{
    const wall_t now = clock_wall(k->config.clock);
    replay_saved_t saved = {.at = wall_after_ms(now, -REPLAY_DAYS * INT64_C(86400000))};
    bool found = false;
    if (failed(read_file(k, &saved, &found)) && found) {
        const bool moved = rename(k->path, k->aside) == 0;
        if (k->config.log != NULL) {
            log_event(k->config.log, LOG_WARN, "replay.set_aside",
                      FIELD_TEXT("why", "damaged, or of another size"),
                      FIELD_INT("moved", moved ? 1 : 0));
        }
    }
    k->saved = saved;
    k->until = k->config.journal == NULL ? 0 : journal_committed(k->config.journal);
    k->behind = k->config.journal != NULL;
}

static void save_and_say(struct replay_keeper *k)
{
    if (k->behind) {
        return;
    }
    const err_t e = replay_keeper_save(k);
    if (failed(e) && k->config.log != NULL) {
        log_event(k->config.log, LOG_WARN, "replay.not_saved", FIELD_INT("error", (int64_t)e.code));
    }
}

/* A start that reads for its first answer is not to share the disk with one that learns. */
static void await_begin(struct replay_keeper *k)
{
    (void)pthread_mutex_lock(&k->lock);
    while (!k->begun && !k->stop) {
        (void)pthread_cond_wait(&k->wake, &k->lock);
    }
    (void)pthread_mutex_unlock(&k->lock);
}

static void *run(void *context)
{
    struct replay_keeper *const k = context;
    (void)pthread_setname_np(pthread_self(), "replay");
    await_begin(k);
    if (k->behind) {
        (void)setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), LEARN_NICE);
        learn(k);
    }
    (void)pthread_mutex_lock(&k->lock);
    k->learnt = true;
    (void)pthread_cond_broadcast(&k->wake);
    while (!k->stop) {
        const mono_t due = mono_after_ms(clock_mono(clock_system()), SAVE_EVERY_S * MS_PER_S);
        const struct timespec until = {.tv_sec = due.ns / NS_PER_S, .tv_nsec = due.ns % NS_PER_S};
        if (pthread_cond_timedwait(&k->wake, &k->lock, &until) == ETIMEDOUT) {
            (void)pthread_mutex_unlock(&k->lock);
            save_and_say(k);
            (void)pthread_mutex_lock(&k->lock);
        }
    }
    (void)pthread_mutex_unlock(&k->lock);
    return NULL;
}

static err_t start(struct replay_keeper *k)
{
    pthread_condattr_t steady;
    (void)pthread_condattr_init(&steady);
    (void)pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
    (void)pthread_mutex_init(&k->lock, NULL);
    (void)pthread_cond_init(&k->wake, &steady);
    (void)pthread_condattr_destroy(&steady);
    if (pthread_create(&k->thread, NULL, run, k) == 0) {
        return ERR_OK;
    }
    (void)pthread_cond_destroy(&k->wake);
    (void)pthread_mutex_destroy(&k->lock);
    return err_new(ERR_NOMEM);
}

err_t replay_keeper_open(const struct replay_keeper_config *config, struct replay_keeper **out)
{
    struct replay_keeper *k = calloc(1, sizeof *k);
    if (k == NULL) {
        return err_new(ERR_NOMEM);
    }
    k->config = *config;
    (void)snprintf(k->path, sizeof k->path, "%s/replay_memory", config->data_dir);
    (void)snprintf(k->draft, sizeof k->draft, "%s/replay_memory.new", config->data_dir);
    (void)snprintf(k->aside, sizeof k->aside, "%s/replay_memory.damaged", config->data_dir);
    err_t e = replay_memory_new(config->bytes, config->clock, &k->memory);
    if (!failed(e)) {
        load(k);
        e = start(k);
    }
    if (failed(e)) {
        replay_memory_free(&k->memory);
        free(k);
        return e;
    }
    *out = k;
    return ERR_OK;
}

void replay_keeper_close(struct replay_keeper **keeper)
{
    struct replay_keeper *const k = *keeper;
    if (k == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&k->lock);
    k->stop = true;
    (void)pthread_cond_broadcast(&k->wake);
    (void)pthread_mutex_unlock(&k->lock);
    (void)pthread_join(k->thread, NULL);
    save_and_say(k);
    (void)pthread_cond_destroy(&k->wake);
    (void)pthread_mutex_destroy(&k->lock);
    replay_memory_free(&k->memory);
    free(k);
    *keeper = NULL;
}

void replay_keeper_begin(struct replay_keeper *k)
{
    (void)pthread_mutex_lock(&k->lock);
    k->begun = true;
    (void)pthread_cond_broadcast(&k->wake);
    (void)pthread_mutex_unlock(&k->lock);
}

void replay_keeper_wait(struct replay_keeper *k)
{
    replay_keeper_begin(k);
    (void)pthread_mutex_lock(&k->lock);
    while (!k->learnt) {
        (void)pthread_cond_wait(&k->wake, &k->lock);
    }
    (void)pthread_mutex_unlock(&k->lock);
}

struct replay_memory *replay_keeper_memory(struct replay_keeper *k)
{
    return k->memory;
}
