/*
 * canara.h - libcanara: is this still the owner? Typed events in, risk with reasons out.
 *
 * Language   C99, and clean as C++.
 * Source     docs/engine of the project: how evidence becomes risk, by which papers and from which data.
 * Units      stated at each member; times in milliseconds since 1970 (wall) unless said.
 * Ownership  events, sessions and answers are plain values; arrays an event points to are borrowed for
 *            the length of the call that takes it. Models and profiles are opened and closed by the
 *            caller, and only making, opening, loading, learning and sealing allocate; no scoring does.
 * Errors     enum canara_status, what each function may give at the function; on anything but CANARA_OK no out
 *            parameter was touched.
 * NULL       allowed for a profile that is only read, a config (the default) and a model; for what
 *            *_free() and *_close() are to free, not for its address. Nowhere else.
 * Threads    no shared state; one thread at a time per session value.
 * Precision  same input, same bits: double only, no fast-math, -ffp-contract=off.
 */
#ifndef CANARA_H
#define CANARA_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define CANARA_API __attribute__((visibility("default")))
#else
#define CANARA_API
#endif

/* ---- events ------------------------------------------------------------------------------ */

/* What a client may tell. The wire name is the lower-case name without the prefix. */
enum canara_event_kind {
    CANARA_TYPING_PATTERN,
    CANARA_NAVIGATION_PATTERN,
    CANARA_MOUSE_MOVEMENT,
    CANARA_RAPID_CLICKS,
    CANARA_TRANSACTION_ATTEMPT,
    CANARA_LARGE_TRANSACTION,
    CANARA_COPY_PASTE_BEHAVIOR,
    CANARA_UNUSUAL_NAVIGATION,
    CANARA_NEW_BENEFICIARY,
    CANARA_OFF_HOURS_ACTIVITY,
    CANARA_MULTIPLE_LOGIN_ATTEMPTS,
    CANARA_IDLE_TIMEOUT,
    CANARA_NORMAL_TYPING,
    CANARA_KEYSTROKES,
    CANARA_POINTER,
    CANARA_TOUCH,
    CANARA_SCROLL,
    CANARA_MOTION,
    CANARA_DEVICE_CONTEXT,
    CANARA_LIFECYCLE,
    CANARA_FEATURES, /* a fixed vector of a research set: evaluation only, refused from clients */
    CANARA_UNKNOWN,  /* any other name: kept and counted, scored zero */
    CANARA_EVENT_KINDS
};

enum canara_key_class {
    CANARA_KEY_LETTER,
    CANARA_KEY_DIGIT,
    CANARA_KEY_SPACE,
    CANARA_KEY_DELETE,
    CANARA_KEY_ENTER,
    CANARA_KEY_PUNCT,
    CANARA_KEY_MODIFIER,
    CANARA_KEY_OTHER,
    CANARA_KEY_CLASSES
};

/* Hand and row of a key: CANARA_ZONE_NONE when not sent. */
enum canara_zone {
    CANARA_ZONE_NONE,
    CANARA_ZONE_L1,
    CANARA_ZONE_L2,
    CANARA_ZONE_L3,
    CANARA_ZONE_R1,
    CANARA_ZONE_R2,
    CANARA_ZONE_R3,
    CANARA_ZONES
};

/* The optional numbers of a key press; bit (1 << i) of `has` says that extra[i] was sent. */
enum canara_key_extra {
    CANARA_KEY_PRESSURE, /* 0..100 */
    CANARA_KEY_SIZE,     /* 0..100 */
    CANARA_KEY_X,        /* -10..10, relative to the key, or share of the screen */
    CANARA_KEY_Y,
    CANARA_KEY_AX, /* m/s2, -200..200 */
    CANARA_KEY_AY,
    CANARA_KEY_AZ,
    CANARA_KEY_RX, /* rad/s, -100..100 */
    CANARA_KEY_RY,
    CANARA_KEY_RZ,
    CANARA_KEY_EXTRAS
};

typedef struct canara_key {
    double down_ms; /* from the first key of the event, not decreasing, 0..600000 */
    double up_ms;   /* >= down_ms, <= 600000 */
    uint16_t has;   /* bits of enum canara_key_extra */
    uint8_t key_class;
    uint8_t zone;
    double extra[CANARA_KEY_EXTRAS];
} canara_key_t;

typedef struct canara_point {
    double t_ms;      /* of the client's clock, 0..86400000 */
    double x, y;      /* px, -1e6..1e6 */
    double pressure;  /* touch: 0..100; pointer: 0, nothing else */
    double area;      /* touch: 0..1000; pointer: 0, nothing else */
    uint32_t buttons; /* pointer: bits, 0..31; touch: phase 0 down, 1 move, 2 up */
} canara_point_t;

/* Borrowed text, not NUL-terminated. */
typedef struct canara_text {
    const char *ptr;
    size_t len; /* bytes; 0 = not sent */
} canara_text_t;

/* One event. Which optional fields were sent stands in `has`: bit of enum canara_field. What was not sent is
 * not looked at; what was has to lie in its range, or the event is refused with CANARA_BAD_VALUE. Bits of fields
 * that an event of the kind has not are not looked at, either: the event is taken. */
enum canara_field {
    CANARA_F_WORDS_PER_MINUTE = 1 << 0,
    CANARA_F_KEY_PRESS_INTERVALS = 1 << 1,
    CANARA_F_BACKSPACE_FREQUENCY = 1 << 2,
    CANARA_F_PAGE_SWITCHES = 1 << 3,
    CANARA_F_CURRENT_PAGE = 1 << 4,
    CANARA_F_TIME_ON_PAGE = 1 << 5,
    CANARA_F_MOVEMENT_SPEED = 1 << 6,
    CANARA_F_CLICK_PATTERN = 1 << 7,
    CANARA_F_IDLE_TIME = 1 << 8,
    CANARA_F_CLICKS_PER_SECOND = 1 << 9,
    CANARA_F_PATTERN = 1 << 10,
    CANARA_F_AMOUNT = 1 << 11,
    CANARA_F_CURRENCY = 1 << 12,
    CANARA_F_FIELD = 1 << 13,
    CANARA_F_KEYS = 1 << 14,
    CANARA_F_POINTS = 1 << 15,
    CANARA_F_PIXELS = 1 << 16,
    CANARA_F_VELOCITY = 1 << 17,
    CANARA_F_MODEL = 1 << 18,
    CANARA_F_OS = 1 << 19,
    CANARA_F_APP_VERSION = 1 << 20,
    CANARA_F_TIMEZONE = 1 << 21,
    CANARA_F_LOCALE = 1 << 22,
    CANARA_F_SCREEN = 1 << 23,
    CANARA_F_ROOTED = 1 << 24,
    CANARA_F_EMULATOR = 1 << 25,
    CANARA_F_REMOTE_CONTROL = 1 << 26,
    CANARA_F_VPN = 1 << 27,
    CANARA_F_STATE = 1 << 28,
    CANARA_F_MOTION = 1 << 29,
    CANARA_F_VALUES = 1 << 30 /* name and values of features: both or nothing */
};

typedef struct canara_event {
    enum canara_event_kind kind;
    uint32_t has; /* bits of enum canara_field */

    union {
        struct {
            double words_per_minute;           /* 0..10000 */
            double backspace_frequency;        /* share, 0..1 */
            const double *key_press_intervals; /* s, each 0..600 */
            size_t intervals;                  /* <= 4096 */
        } typing;

        struct {
            double page_switches_per_minute; /* 0..10000 */
            double time_on_page_s;           /* 0..86400 */
            canara_text_t current_page;      /* <= 128 bytes */
        } navigation;

        struct {
            double movement_speed;       /* px/s, 0..1e6 */
            double idle_time_s;          /* 0..86400 */
            canara_text_t click_pattern; /* <= 64 bytes */
        } mouse;

        struct {
            double clicks_per_second; /* 0..10000 */
            canara_text_t pattern;    /* <= 64 bytes */
        } clicks;

        struct {
            double amount;          /* 0..1e15 */
            canara_text_t currency; /* <= 16 bytes */
        } transaction;

        struct {
            canara_text_t field; /* 1..64 of [a-z0-9_-] */
            const canara_key_t *keys;
            size_t count; /* 1..512 */
        } keystrokes;

        struct {
            const canara_point_t *points;
            size_t count; /* 1..2048 */
        } path;           /* pointer and touch */

        struct {
            double pixels, velocity; /* px, px/s, -1e6..1e6 */
        } scroll;

        struct {
            double mean[6], sd[6]; /* ax ay az (m/s2, +-200) rx ry rz (rad/s, +-100); sd >= 0 */
        } motion;

        struct {
            canara_text_t model, os, app_version, timezone, locale, screen; /* <= 128 bytes each */
            uint8_t rooted, emulator, remote_control, vpn;                  /* 0 or 1 */
        } device;

        struct {
            canara_text_t state; /* <= 64 bytes */
        } lifecycle;

        struct {
            canara_text_t name;   /* 1..64 of [a-z0-9_-] */
            const double *values; /* each -1e9..1e9, of any unit; NaN: missing */
            size_t count;         /* 1..256; the first 128 are looked at */
        } features;
    } of;
} canara_event_t;

/* ---- what the server knows and an event cannot claim ----------------------------------------- */

/* Facts from outside the event stream. They are journalled with their value when they arise, so
 * that a session scored again from its journal gives the same bits. */
enum canara_fact {
    CANARA_FACT_NEW_DEVICE,     /* value: unused */
    CANARA_FACT_REPLAY_MATCH,   /* value: how many 12-grams matched */
    CANARA_FACT_MPIN_PASSED,    /* value: unused */
    CANARA_FACT_MPIN_FAILED,    /* value: unused */
    CANARA_FACT_CHALLENGED,     /* a challenge was asked for from outside (payment, login) */
    CANARA_FACT_BLOCKED,        /* blocked from outside (account lock, operator) */
    CANARA_FACT_PREDICTED_RISK, /* value: the risk, 0..1, that the batch path or a rehearsal gives */
    CANARA_FACT_EXTERNAL,       /* value: nats, -10..10, from the bank's own fraud system */
    CANARA_FACT_UNPROVED_DEVICE, /* value: unused; used before, but no MPIN was ever passed on it */
    CANARA_FACTS
};

/* ---- the answer --------------------------------------------------------------------------- */

enum canara_level {
    CANARA_LEVEL_NORMAL,
    CANARA_LEVEL_MONITOR,
    CANARA_LEVEL_CHALLENGE,
    CANARA_LEVEL_BLOCKED
};

enum canara_status {
    CANARA_OK,
    CANARA_BAD_VALUE,   /* NaN or out of the documented range */
    CANARA_BAD_TIME,    /* a time before 1970 or beyond the year 9999 */
    CANARA_BAD_FORMAT,  /* bytes that are no model or part: damaged, cut, foreign */
    CANARA_BAD_VERSION, /* a model or part of another version of this library */
    CANARA_NO_MEMORY,
    CANARA_FULL /* CANARA_PROFILE_PARTS are held already */
};

/* Thresholds on risk, each in (0, 1], not decreasing. */
typedef struct canara_config {
    double monitor;   /* default 0.4 */
    double challenge; /* default 0.7 */
    double block;     /* default 0.9 */
} canara_config_t;

typedef struct canara_verdict {
    double risk;                /* 0..1: probability that this is not the owner */
    enum canara_level level;    /* now, with hysteresis */
    enum canara_level previous; /* before this call */
    uint8_t challenge_started;  /* 1: this call latched a challenge (mpin_required is to be sent) */
    uint8_t blocked;            /* 1: this call blocked the session */
    uint8_t mpin_required;      /* 1: a challenge is latched and unanswered */
} canara_verdict_t;

/* One named piece of evidence; `nats` > 0 speaks against the owner. */
typedef struct canara_reason {
    const char *name;   /* stable, e.g. "bot.superhuman_timing"; static storage */
    const char *family; /* what a session's bearer may see, e.g. "automation"; static storage */
    double nats;        /* its share now, after decay */
} canara_reason_t;

enum { CANARA_REASONS_MAX = 24 };

/* The state of one session: a value to copy, keep and compare; content is the library's. */
typedef struct canara_session {
    uint64_t opaque[90];
} canara_session_t;

/* ---- the model: what is known of people in general -------------------------------------------- */

/* Populations, calibration and trees, read-only once open: any number of threads may use one. */
struct canara_model;

/* Open a model from its bytes, which are copied and checked whole (checksum, every bound and number).
 * CANARA_BAD_FORMAT, CANARA_BAD_VERSION or CANARA_NO_MEMORY; `*out` is then untouched. */
CANARA_API enum canara_status canara_model_open(const void *bytes, size_t size,
                                                struct canara_model **out);

/* Close and leave NULL; accepts NULL. No profile made with it may be alive. */
CANARA_API void canara_model_close(struct canara_model **model);

/* The bytes of the model that comes with the library: made of simulated people, and named so. */
CANARA_API const void *canara_model_builtin(size_t *size);

/* "simulated-1.5f0c1a2b3c4d": the label it was made under, and the first 12 hex digits of its checksum.
 * Owned by the model. "" for NULL. */
CANARA_API const char *canara_model_name(const struct canara_model *model);

/* ---- the profile: what is known of one person ------------------------------------------------- */

/* A learnt profile of one user: up to CANARA_PROFILE_PARTS parts, one for each way in which the
 * user is known (a field he types in, his pointer, his pages) or a page of one, each at most CANARA_PART_BYTES in
 * memory and on disk. NULL is always right: nothing is known, and only rules speak.
 * One thread at a time while it learns; any number while it only scores. */
struct canara_profile;

enum { CANARA_PROFILE_PARTS = 34, CANARA_PART_BYTES = 4096, CANARA_PART_NAME_BYTES = 33 };

/* An empty profile. The model is borrowed and must outlive it; without one (NULL) the profile says
 * nothing, and learns what is supervised and the first samples of each part, not what must pass a
 * gate. CANARA_NO_MEMORY. */
CANARA_API enum canara_status canara_profile_new(const struct canara_model *model,
                                                 struct canara_profile **out);

/* Free and leave NULL; accepts NULL. */
CANARA_API void canara_profile_free(struct canara_profile **profile);

/* Add a part from what canara_profile_save() once gave. Any bytes are survived: CANARA_BAD_FORMAT or
 * CANARA_BAD_VERSION, and the profile is as before (set the part aside, the user is in learning
 * again). A part of a name that is held already replaces it; CANARA_FULL: there is no room for one more of its sort.
 * CANARA_NO_MEMORY; CANARA_BAD_VALUE: the profile is sealed. CANARA_OK, and nothing is added: vectors (features) of a
 * version whose units are not today's; they are learnt anew. */
CANARA_API enum canara_status canara_profile_load(struct canara_profile *profile, const void *bytes,
                                                  size_t size);

/* Drop what only learning and saving need, for a profile that only scores from now on: what it takes
 * in memory is then at most CANARA_PART_BYTES for each part that scores. Scores stay the same.
 * Loading, saving and learning give CANARA_BAD_VALUE afterwards; so does this during a lesson.
 * CANARA_NO_MEMORY: the profile is as before. */
CANARA_API enum canara_status canara_profile_seal(struct canara_profile *profile);

/* How many parts are held: they are numbered from 0, in no order that lasts beyond a learning. */
CANARA_API size_t canara_profile_parts(const struct canara_profile *profile);

typedef struct canara_part {
    char name[CANARA_PART_NAME_BYTES]; /* stable key of the part within the profile: [a-z0-9:_-] */
    uint8_t changed;                   /* 1: differs from what was loaded */
    size_t size;                       /* bytes written */
} canara_part_t;

/* Write part `number` in the form that canara_profile_load() takes (same on every machine).
 * CANARA_BAD_VALUE: there is no such part, or the profile is sealed. */
CANARA_API enum canara_status canara_profile_save(const struct canara_profile *profile,
                                                  size_t number, uint8_t bytes[CANARA_PART_BYTES],
                                                  canara_part_t *out);

enum canara_learning_state {
    CANARA_LEARNING, /* too few sessions: the person weighs little or nothing yet */
    CANARA_LEARNT,
    CANARA_DRIFTED, /* has moved too far from its enrolment: it learns no more until it is reset */
    CANARA_WAITING /* a part wants to move further than it may without the proof of a MPIN: it learns
                     * no more before one was passed in a session */
};

typedef struct canara_learning {
    uint32_t sessions; /* accepted so far, counted up to `needed` */
    uint32_t needed;
    enum canara_learning_state state;
} canara_learning_t;

/* How far the learning is. A NULL profile has learnt nothing. */
CANARA_API canara_learning_t canara_profile_learning(const struct canara_profile *profile);

/* Name of a state for answers: "learning", "learnt", "drifted", "waiting". */
CANARA_API const char *canara_learning_name(enum canara_learning_state state);

/* ---- learning --------------------------------------------------------------------------------- */

/* How far the session's samples are believed. */
enum canara_trust {
    CANARA_TRUST_GATED, /* as the session proves: risk below 0.2 all along, evidence for the owner
                            * in the modality, password on a proved device or MPIN, and no challenge that
                            * waits for one; then quarantine */
    CANARA_TRUST_ENROLMENT /* supervised: taken as they are, at once */
};

typedef struct canara_lesson {
    uint32_t seen, accepted, refused; /* samples */
    uint8_t learnt;                   /* 1: the session counted */
    uint8_t drifted;                  /* 1: the alarm of the anchor rose with this session */
    uint8_t waiting;                  /* 1: a part waits for a MPIN since this session */
    char drifted_part[CANARA_PART_NAME_BYTES]; /* the last that raised this alarm; "": none did */
    char waiting_part[CANARA_PART_NAME_BYTES];
} canara_lesson_t;

/* Learn from a session that has ended: begin with the state it ended in, then every event of it once
 * more in order, then end. Scores given meanwhile are those of before the lesson.
 * canara_learn_begin() says in `*wanted` whether the session may teach anything; if not, there is no lesson and the
 * rest is left out (canara_learn_end() too). It begins anew where a lesson was under way. CANARA_BAD_VALUE: the
 * session was never begun, the profile is sealed, or `trust` is none. CANARA_NO_MEMORY: there is no lesson. */
CANARA_API enum canara_status canara_learn_begin(struct canara_profile *profile,
                                                 const struct canara_session *ended,
                                                 enum canara_trust trust, uint8_t *wanted);

/* CANARA_BAD_TIME; CANARA_BAD_VALUE: there is no lesson, or the event is refused as by canara_observe(); nothing is learnt
 * then. CANARA_NO_MEMORY: what there was memory for is learnt. */
CANARA_API enum canara_status canara_learn(struct canara_profile *profile,
                                           const canara_event_t *event, int64_t at_ms);

/* CANARA_BAD_TIME; CANARA_BAD_VALUE: there is no lesson. CANARA_NO_MEMORY: the lesson is still under way; end it
 * once more, or free the profile and keep what was stored before. */
CANARA_API enum canara_status canara_learn_end(struct canara_profile *profile, int64_t at_ms,
                                               canara_lesson_t *out);

/* ---- a session -------------------------------------------------------------------------------- */

/* Default thresholds (0.4, 0.7, 0.9). */
CANARA_API canara_config_t canara_config_default(void);

/* CANARA_BAD_VALUE unless 0 < monitor <= challenge <= block <= 1. NULL is the default, and right. */
CANARA_API enum canara_status canara_config_check(const canara_config_t *config);

/* Begin a session at `at_ms`: no evidence, risk 0.05. A time out of range counts as the nearest. */
CANARA_API void canara_session_begin(canara_session_t *session, int64_t at_ms);

/* Take in one event received at `at_ms`. Times that go back count as no time passed; a `config` of
 * NULL is the default here and below. CANARA_BAD_TIME; CANARA_BAD_VALUE: the event or the config is out of range, or the
 * session was never begun. */
CANARA_API enum canara_status canara_observe(canara_session_t *session,
                                             const canara_config_t *config,
                                             const struct canara_profile *profile,
                                             const canara_event_t *event, int64_t at_ms,
                                             canara_verdict_t *out);

/* Take in one fact. Its `value` is as enum canara_fact says; where it is unused, any finite number. The errors are those of
 * canara_observe(). */
CANARA_API enum canara_status canara_note(canara_session_t *session, const canara_config_t *config,
                                          enum canara_fact fact, double value, int64_t at_ms,
                                          canara_verdict_t *out);

/* Risk, level and latch as they stand at `at_ms`, without new evidence (decay only). Any time will do: one before the
 * newest event or fact counts as that, one beyond the year 9999 as its end. Never fails open: a session that was never
 * begun is blocked, with a risk of 1, thresholds that fail their check are the default ones. */
CANARA_API void canara_peek(const canara_session_t *session, const canara_config_t *config,
                            int64_t at_ms, canara_verdict_t *out);

/* The named evidence behind the risk at `at_ms`, which may be any time as for canara_peek(), strongest first. Returns how
 * many; 0 of a session that was never begun. */
CANARA_API size_t canara_reasons(const canara_session_t *session, int64_t at_ms,
                                 canara_reason_t out[CANARA_REASONS_MAX]);

/* What the newest event of a modality looked like beside the owner's own habit. */
typedef struct canara_baseline {
    const char *name; /* of the reason it explains, e.g. "person.typing"; static storage */
    const char *what; /* "hold time", "key interval", "dwell on page"; static storage */
    const char *unit; /* "ms", "px/s", ...; static storage */
    double value;     /* as it was in the event */
    double usual;     /* the owner's median */
    double spread;    /* the owner's mean deviation about it */
} canara_baseline_t;

enum { CANARA_BASELINES_MAX = 8 };

/* The values of `event` that stand out most against the profile, strongest first. Returns how many;
 * 0 without a profile that knows this kind of event. */
CANARA_API size_t canara_baselines(const struct canara_profile *profile,
                                   const canara_event_t *event,
                                   canara_baseline_t out[CANARA_BASELINES_MAX]);

/* Names for people and documents; static storage, never NULL. */
CANARA_API const char *canara_event_name(enum canara_event_kind kind);
CANARA_API const char *canara_level_name(enum canara_level level); /* "normal" .. "blocked" */

/* The name of the model that comes with the library, as canara_model_name() gives it. */
CANARA_API const char *canara_model_version(void);

#ifdef __cplusplus
}
#endif

#endif
