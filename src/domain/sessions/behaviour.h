/*
 * behaviour.h - one message of events: journalled, scored, decided, and in force at once.
 *
 * Floor      domain/sessions
 * Source     DESIGN 5: append, score, append the decision, take effect; only the acknowledgement
 *            waits for the commit.
 * Ownership  borrows everything.
 * Errors     see behaviour_take().
 * Threads    the owner loop of the session, which calls journal_kick() once after a round of work.
 */
#ifndef DOMAIN_BEHAVIOUR_H
#define DOMAIN_BEHAVIOUR_H

#include "codec/event_scan.h"
#include "domain/sessions/live.h"

#include <stddef.h>
#include <stdint.h>

enum behaviour_answer {
    BEHAVIOUR_TAKEN,
    BEHAVIOUR_BUSY,     /* the journal's lane is full: come back later */
    BEHAVIOUR_NO_SPACE, /* the disk is full: events are refused, reads go on */
    BEHAVIOUR_STOPPED   /* the journal has failed: nothing is acknowledged any more */
};

typedef struct behaviour_result {
    enum behaviour_answer answer;
    uint64_t position; /* acknowledge when the lane is durable up to here */
    int64_t seq;       /* highest seq of the session by now, -1 for none */
    size_t stored;     /* events that were new */
    bool replayed;     /* the message repeats another session's behaviour */
    canara_verdict_t verdict;
} behaviour_result_t;

/* Take in a whole message, all or nothing. Events whose `seq` is not above the highest taken are
 * acknowledged and not stored again. The watcher may be called before this returns, and the
 * session may be blocked afterwards. `now` is that of the message. */
void behaviour_take(struct shard *s, struct live *live, const scanned_event_t *events, size_t count,
                    mono_t now, behaviour_result_t *out);

/* Journal a fact of the server and let the engine hear of it. `type` becomes the line's
 * event_type, `data` a JSON object. The effects (challenge, block, level) are in force when this
 * returns the verdict. A journal that cannot take it does not stop the effect. */
canara_verdict_t behaviour_fact(struct shard *s, struct live *live, const char *type, span_t data,
                                enum canara_fact fact, double value);

/* Why the MPIN is asked for where no event or fact began it. All but the first make the account owe it. */
enum ask {
    ASK_FOR_ACCOUNT,  /* it is locked, or owes one: asked for at the opening */
    ASK_FOR_DECISION, /* risk/evaluate */
    ASK_FOR_JOURNAL,  /* what spoke against the session may be lost */
    ASK_FOR_PROFILE   /* nobody knows what its profile would say */
};

/* Ask for the MPIN: the fact is journalled like any other. */
void behaviour_ask(struct shard *s, struct live *live, enum ask why);

/* Whether the journal would take a fact now, with all that may follow from it: BEHAVIOUR_TAKEN, or why not.
 * For a fact that somebody tells and can tell again, and that must not count twice when he does. */
enum behaviour_answer behaviour_fact_room(struct shard *s);

/* Block from outside: too many wrong MPINs, an operator. `stored`: the store knows it already. */
void behaviour_block(struct shard *s, struct live *live, enum session_end how, bool stored);

/* Journal a fact that the engine does not score. */
void behaviour_line(struct shard *s, struct live *live, const char *type, span_t data);

/* Note that what led to this verdict speaks against whoever holds the session now: a MPIN of before does
 * not answer for him any more (decision 51), until the next one. Events and facts note it themselves;
 * for a predicted risk its teller does, as a rehearsal finds nothing. */
void behaviour_doubt(struct live *live, const canara_verdict_t *v);

/* Recovery: the level and score that the replayed engine stands at become what is shown. */
void behaviour_restore(struct shard *s, struct live *live);

/* Refresh what the bearer may see, now, because the bearer's own act changed the risk. */
void behaviour_show(struct shard *s, struct live *live);

/* The score and level that a bearer may see: two decimals, refreshed at most every 30 s or when
 * the level changes. */
double behaviour_shown_risk(struct shard *s, struct live *live, enum canara_level *level);

/* The same for an answer at another level than the session's: the shown score, moved to the near edge of
 * that level, which tells the level and nothing else. */
double behaviour_shown_risk_at(struct shard *s, struct live *live, enum canara_level level);

/* True while an MPIN is asked for. */
bool behaviour_mpin_required(struct shard *s, const struct live *live);

/* Both at once, for one look at the engine's state. */
typedef struct seen {
    double risk;
    enum canara_level level;
    bool mpin_required;
} seen_t;

seen_t behaviour_see(struct shard *s, struct live *live);

#endif
