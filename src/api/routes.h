/*
 * routes.h - the first stages of every route; routes.c holds the table. Private to the api floor.
 *
 * Floor      api
 * Source     docs/ARCHITECTURE.md, "The life of a REST call".
 * Ownership  what a stage keeps lives in the call (call_keep()) and goes with it.
 * Errors     a stage answers with a problem and is done; what is no answer is an err_t of the floor below.
 * Threads    a stage runs where the row of routes.c, or the stage before it, has sent the call: `s` is
 *            the shard of that loop, NULL in a worker (call.h).
 */
#ifndef API_ROUTES_H
#define API_ROUTES_H

#include "api/api.h"
#include "api/problem.h"
#include "codec/email.h"
#include "codec/json_write.h"
#include "domain/sessions/behaviour.h"

/* account_routes.c */
enum call_place register_begin(struct call *c, struct shard *s);
enum call_place login_begin(struct call *c, struct shard *s);
enum call_place refresh_begin(struct call *c, struct shard *s);
enum call_place change_password_begin(struct call *c, struct shard *s);

/* mpin_routes.c */
enum call_place verify_mpin_begin(struct call *c, struct shard *s);
enum call_place mpin_challenge_begin(struct call *c, struct shard *s);
enum call_place change_mpin_begin(struct call *c, struct shard *s);

/* session_routes.c */
enum call_place session_status_begin(struct call *c, struct shard *s);
enum call_place logout_begin(struct call *c, struct shard *s);
enum call_place sessions_begin(struct call *c, struct shard *s);
enum call_place session_delete_begin(struct call *c, struct shard *s);
enum call_place ticket_begin(struct call *c, struct shard *s);

/* analysis_routes.c */
enum call_place summary_begin(struct call *c, struct shard *s);
enum call_place simulate_begin(struct call *c, struct shard *s);
enum call_place events_begin(struct call *c, struct shard *s);

/* evaluate_routes.c */
enum call_place evaluate_begin(struct call *c, struct shard *s);

/* public_routes.c */
enum call_place root_begin(struct call *c, struct shard *s);
enum call_place health_begin(struct call *c, struct shard *s);
enum call_place live_begin(struct call *c, struct shard *s);
enum call_place ready_begin(struct call *c, struct shard *s);

/* metrics_page.c */
enum call_place metrics_begin(struct call *c, struct shard *s);

/* operator_routes.c */
enum call_place ctl_status_begin(struct call *c, struct shard *s);
enum call_place ctl_sessions_begin(struct call *c, struct shard *s);
enum call_place ctl_end_begin(struct call *c, struct shard *s);
enum call_place ctl_unlock_begin(struct call *c, struct shard *s);
enum call_place ctl_fact_begin(struct call *c, struct shard *s);
enum call_place ctl_clock_begin(struct call *c, struct shard *s);
enum call_place ctl_reload_begin(struct call *c, struct shard *s);
enum call_place ctl_drain_begin(struct call *c, struct shard *s);

/* profile_routes.c */
enum call_place ctl_profile_begin(struct call *c, struct shard *s);

/* operator_mpin.c */
enum call_place ctl_mpin_begin(struct call *c, struct shard *s);

/* operator_analysis.c */
enum call_place ctl_analysis_begin(struct call *c, struct shard *s);

/* ---- shared by several ---- */

/* Journal what the batch path or a rehearsal predicts, and score it: a challenge or a block comes into
 * force as if the engine had found it. */
canara_verdict_t take_predicted_risk(struct shard *s, struct live *live, double risk);

/* Write down what an operator does; `detail` is a finished JSON object, NULL for none. */
NODISCARD err_t operator_write_down(struct call *c, const char *kind, uuid_t account,
                                    uuid_t session, struct json_writer *detail);

/* The account with this address; `*found` is false when there is none. */
NODISCARD err_t operator_find_account(struct call *c, const email_t *email, uuid_t *out,
                                      bool *found);

/* Whether the store knows the session as one that has not ended. */
NODISCARD err_t operator_session_is_open(struct call *c, uuid_t session, bool *open);

/* Answer what an operator has brought about in a session: `message`, and where it stands now. */
enum call_place operator_answer_verdict(struct call *c, const char *message, uuid_t session,
                                        const canara_verdict_t *v);

/* The session that an operator's call aims at. NULL, and `*out` is the answer, when it is not there to
 * be told anything. */
struct live *operator_target(struct call *c, struct shard *s, enum call_place *out);

/* Finish a JSON answer. */
enum call_place answer_json(struct call *c, unsigned status, struct json_writer *w);

/* Go on with `next` when the journal holds what this session has brought about so far: what a
 * client is told outlives a crash. At once while the journal can hold nothing. */
enum call_place when_durable(struct call *c, const struct live *live, call_stage next);

/* Answer that the journal takes nothing, and why; not for BEHAVIOUR_TAKEN. */
enum call_place problem_not_taken(struct call *c, enum behaviour_answer why);

/* A stage for when_durable() whose answer is complete already. */
enum call_place answered_stage(struct call *c, struct shard *s);

/* Write "learning": how far the profile is that a session is scored with. */
void write_learning(canara_learning_t learning, struct json_writer *w);

/* Write "reasons": the families that speak against the owner, strongest first, each once. */
void write_families(const canara_session_t *engine, wall_t at, struct json_writer *w);

/* What reasons are written from. */
typedef struct reasons_of {
    const canara_session_t *engine;
    wall_t at;
    const struct baselines *baselines; /* NULL: none */
} reasons_of_t;

/* Write "reasons", and in DEBUG "evidence" with names and nats, and "baselines" if there are any. */
void write_reasons(const struct api *api, const reasons_of_t *of, struct json_writer *w);

/* Check the optional `keystrokes` of a body: how its secret was typed. */
void body_keystrokes(const struct call *c, struct faults *f);

/* Journal and score them as keystrokes of a secret field. */
void take_keystrokes(struct call *c, struct shard *s, struct live *live, const char *field);

/* Whether a session that ended so counts as blocked. */
bool end_is_block(enum session_end how);

/* The caller's session in the store, if it was blocked and may still be looked at. */
NODISCARD err_t find_blocked(struct call *c, struct session_row *row, bool *readable);

/* A stage in a worker for MPIN routes of a session that is not live: 403 if blocked, else 401. */
enum call_place ended_stage(struct call *c, struct shard *s);

/* The same for a socket: 410 or 401. */
enum call_place upgrade_ended_stage(struct call *c, struct shard *s);

/* Client events among the newest lines of the session's buffer file. */
NODISCARD err_t count_events(struct call *c, uuid_t session, uint64_t *out);

/* The model's name for answers; the version of the rules without a model. */
const char *model_name(const struct service *svc);

/* Tell the owners of other sessions of an account that they were ended or blocked in the store. */
void tell_all(struct call *c, const uuid_t *session, uint32_t count, enum tell what,
              enum session_end how, double value);

#endif
