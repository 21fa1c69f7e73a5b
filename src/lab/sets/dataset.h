/*
 * dataset.h - a data set to measure the engine with, read into memory and checked as a whole.
 *
 * Floor      lab/sets
 * Source     docs/engine/datasets.md: dataset.json, events.jsonl, enrol.tsv, trials.tsv and the
 *            optional trials-practised.tsv and background.tsv of one folder.
 * Units      events as canara.h says; wall_t is when the event was received.
 * Ownership  everything belongs to the struct dataset and lives until dataset_close(); nothing of it
 *            changes, so pointers and indices may be kept.
 * Errors     ERR_FORMAT, ERR_RANGE, ERR_LIMIT with one line in the dataset_fault that names file,
 *            line, field, what is wrong and what is allowed; ERR_IO, ERR_NOMEM likewise.
 * Threads    read only after dataset_open(): any number.
 *
 * An evaluation reads:
 *
 *     for (m = 0; m < dataset_models(d); m++) {
 *         const struct dataset_model *model = dataset_model(d, m);
 *         for (i = 0; i < model->enrols; i++)         model->enrol[i]           a session, in time order
 *         for (i = 0; i < model->trials.count; i++)   model->trials.at[i]       session and label
 *     }
 *     const struct dataset_session *s = dataset_session(d, session);
 *     for (e = s->first; e < s->first + s->count; e++)  dataset_event(d, e)
 */
#ifndef LAB_DATASET_H
#define LAB_DATASET_H

#include "base/clock.h"
#include "base/err.h"
#include "canara.h"
#include "lab/sets/dataset_notes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    DATASET_SESSIONS_MAX = 4000000,
    DATASET_EVENTS_MAX = 16000000,
    DATASET_TRIALS_MAX = 16000000,   /* lines of one .tsv */
    DATASET_USERS_MAX = 1000000,     /* models too */
    DATASET_LINE_BYTES = 512 * 1024, /* one event, as long as it may be written */
    DATASET_NAME_BYTES = 64,         /* of a session, a model, a set that we write */
    DATASET_NAME_LONGEST = 256,      /* of a session, a model, an account, a set that we read */
    DATASET_TEXT_BYTES = 1024,       /* of source, licence, note: longer ones are cut */
    DATASET_FAULT_BYTES = 1024,
    DATASET_JSON_BYTES = 64 * 1024, /* dataset.json */
};

#define DATASET_NO_USER UINT32_MAX

enum dataset_label {
    DATASET_GENUINE,
    DATASET_IMPOSTOR,
    DATASET_HUMAN,
    DATASET_BOT,
    DATASET_LABELS
};

/* Texts are NUL-terminated and never NULL; what was not given is empty. */
struct dataset_info {
    const char *name;     /* printable, never empty: the folder's when the set has none */
    const char *source;   /* who made it, and where it comes from */
    const char *licence;  /* its terms */
    const char *modality; /* keystrokes, pointer, touch, features or mixed, or anything else */
    const char *note;     /* what the importer changed or made up */
};

struct dataset_session {
    const char *id;
    uint32_t user;  /* index for dataset_user() */
    uint32_t first; /* index of its first event */
    uint32_t
        count; /* events, which follow one another; 0 when the set names it and has none of it */
};

struct dataset_event {
    canara_event_t event;
    wall_t at;
};

struct dataset_trial {
    uint32_t session;
    enum dataset_label label;
};

struct dataset_trials {
    const struct dataset_trial *at; /* in the order of the file */
    size_t count;
};

/* One enrolled person: the sessions to learn from, then the sessions to tell apart. Labels are
 * genuine (sessions of `user`) and impostor (sessions of others), nothing else. */
struct dataset_model {
    const char *name;
    uint32_t user;         /* whose sessions the enrolment is: one person's, that was checked */
    const uint32_t *enrol; /* sessions, in time order */
    size_t enrols;         /* >= 1 */
    struct dataset_trials trials;
    struct dataset_trials practised; /* impostors only; empty when the set has no such file */
};

struct dataset;

struct dataset_fault {
    char text[DATASET_FAULT_BYTES]; /* "FILE:LINE: field: what is wrong, what is allowed" */
};

/* Read and check the whole folder. `fault` is filled when, and only when, an error is returned. */
NODISCARD err_t dataset_open(const char *dir, struct dataset **out, struct dataset_fault *fault);

/* Free it; NULL is fine, and it is NULL afterwards. */
void dataset_close(struct dataset **set);

/* A set without people and trials, to be filled with sessions from elsewhere: what a training reads
 * out of several folders. `info` is empty texts. */
NODISCARD err_t dataset_blank(struct dataset **out);

/* Copy one event into a blank set, behind what it has. The events of a session follow one another and
 * have one user: else ERR_FORMAT. ERR_LIMIT, ERR_NOMEM: the set can then only be closed. */
NODISCARD err_t dataset_take(struct dataset *set, const char *email, const char *session,
                             const struct dataset_event *event);

const struct dataset_info *dataset_about(const struct dataset *set);

/* People, in the order in which they first appear. The email is NUL-terminated. */
size_t dataset_users(const struct dataset *set);
const char *dataset_user(const struct dataset *set, size_t user);

/* Whose account this user took over: he is the impostor of sessions that are recorded on the account of
 * the very model they are tried against, and nobody knows who he is. DATASET_NO_USER for everybody else. */
uint32_t dataset_victim(const struct dataset *set, size_t user);

/* Sessions and events, in the order of events.jsonl. The index MUST be below the count. */
size_t dataset_sessions(const struct dataset *set);
const struct dataset_session *dataset_session(const struct dataset *set, size_t session);

/* When the session began, in ms since 1970. A set says when an event came, and an event comes when it is
 * over: the session is at least as old as the first event is long. 0 for one without events. */
int64_t dataset_session_begin(const struct dataset *set, size_t session);

size_t dataset_events(const struct dataset *set);

/* How many pieces of free text were taken into the one before (text_join.h). */
size_t dataset_joined(const struct dataset *set);
const struct dataset_event *dataset_event(const struct dataset *set, size_t event);

/* Enrolled people, in the order of enrol.tsv; none in a set of bots. */
size_t dataset_models(const struct dataset *set);
const struct dataset_model *dataset_model(const struct dataset *set, size_t model);

/* Trials of no model ("-" in trials.tsv): human or bot. Empty in a set of people. */
struct dataset_trials dataset_bot_trials(const struct dataset *set);

/* Sessions that may serve as background; `*count` is 0 when the set has no background.tsv. */
const uint32_t *dataset_background(const struct dataset *set, size_t *count);

/* What the set has otherwise than it should and was taken all the same; of the set. */
const struct dataset_notes *dataset_notes(const struct dataset *set);

/* True when there is a file trials-practised.tsv. */
bool dataset_has_practised(const struct dataset *set);

/* "genuine", "impostor", "human", "bot". */
const char *dataset_label_name(enum dataset_label label);

#endif
