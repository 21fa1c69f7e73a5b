/* engine_fuzz.c - any stream of events and facts: a risk that is one, a level that follows from it,
 * and the same answers to the same stream.
 *
 * An input is a program. Its first byte says how: bit 0, thresholds of its own (three numbers
 * follow); bit 1, the session is never begun; bit 2, there is a profile. Then steps to the end of the
 * bytes: what to do, a gap of time, and the event or fact. Numbers, arrays and texts are written small,
 * see below. A profile learns from the session and events of its own, is then stored and loaded, and
 * goes on from there. */
#include "base/err.h"
#include "base/util.h"
#include "canara.h"
#include "engine/people/people_test.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len); /* NOLINT: libFuzzer's name */

#define T0 INT64_C(1750000000000)

enum { TEXT_TO = 1100, STEPS_MAX = 200 }; /* TEXT_TO: somewhat more than the door lets in */

struct source {
    const uint8_t *at;
    size_t left;
};

/* One byte, or 0 behind the end. */
static uint8_t take(struct source *in)
{
    if (in->left == 0) {
        return 0;
    }
    in->left--;
    return *in->at++;
}

static uint64_t take_wide(struct source *in, size_t bytes)
{
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; i++) {
        value = value << 8U | take(in);
    }
    return value;
}

/* A number: one of a table, a 16-bit share of `high`, a small whole number, or any 64 bits. */
static double take_number(struct source *in, double high)
{
    static const double special[] = {
        0.0,         -0.0,    -1.0,    (double)NAN, (double)INFINITY, -(double)INFINITY,
        DBL_MIN,     DBL_MAX, 0x1p-53, 0x1p-1074,   -DBL_MAX,         1e6,
        DBL_EPSILON, 1.0};
    const uint8_t how = take(in);
    if (how < ARRAY_LEN(special)) {
        return special[how];
    }
    if (how == ARRAY_LEN(special)) {
        const uint64_t bits = take_wide(in, sizeof(double));
        double value = 0.0;
        memcpy(&value, &bits, sizeof value);
        return value;
    }
    if (how == ARRAY_LEN(special) + 1) {
        return nextafter(high, 2.0 * high);
    }
    return how < 128 ? (double)take(in) : high * ((double)take_wide(in, 2) / 65535.0);
}

static canara_text_t take_text(struct source *in)
{
    const size_t want = (size_t)take(in) << (take(in) & 3U);
    const size_t len = size_min(size_min(want, TEXT_TO), in->left);
    const canara_text_t text = {(const char *)in->at, len};
    in->at += len;
    in->left -= len;
    return text;
}

/* How many elements: up to 63 most of the time, up to 2 above `high` otherwise. */
static size_t take_count(struct source *in, size_t high)
{
    const uint8_t how = take(in);
    return how < 192 ? how % 64U : size_min((size_t)take_wide(in, 2), high + 2);
}

/* Exactly as long as it says, so that a step too far is seen. */
static void *room_for(size_t count, size_t size)
{
    void *room = calloc(count > 0 ? count : 1, size);
    MUST(room != NULL);
    return room;
}

/* A row of numbers: each taken, or, to be long in few bytes, each the one before plus a step. */
struct row {
    bool steps;
    double value, step, high;
};

static struct row take_row(struct source *in, double high)
{
    struct row row = {.steps = (take(in) & 1U) != 0, .high = high};
    if (row.steps) {
        row.value = take_number(in, high);
        row.step = take_number(in, high);
    }
    return row;
}

static double row_next(struct row *row, struct source *in)
{
    if (row->steps) {
        row->value += row->step;
        return row->value;
    }
    return take_number(in, row->high);
}

static void *take_intervals(struct source *in, canara_event_t *event)
{
    const size_t count = take_count(in, 4096);
    double *intervals = room_for(count, sizeof *intervals);
    struct row row = take_row(in, 0.5);
    for (size_t i = 0; i < count; i++) {
        intervals[i] = row_next(&row, in);
    }
    event->of.typing.key_press_intervals = intervals;
    event->of.typing.intervals = count;
    return intervals;
}

static void *take_keys(struct source *in, canara_event_t *event)
{
    const size_t count = take_count(in, 512);
    canara_key_t *keys = room_for(count, sizeof *keys);
    struct row gap = take_row(in, 300.0);
    struct row dwell = take_row(in, 200.0);
    double at = 0.0;
    for (size_t i = 0; i < count; i++) {
        const uint8_t form = gap.steps ? 0 : take(in);
        keys[i].down_ms = at;
        keys[i].up_ms = at + row_next(&dwell, in);
        keys[i].key_class = form & 15U;
        keys[i].zone = form >> 4U & 7U;
        if (form >> 7U != 0) {
            keys[i].has = (uint16_t)take_wide(in, 2);
            for (unsigned e = 0; e < CANARA_KEY_EXTRAS; e++) {
                keys[i].extra[e] = (keys[i].has & 1U << e) != 0 ? take_number(in, 100.0) : 0.0;
            }
        }
        at += row_next(&gap, in);
    }
    event->of.keystrokes.keys = keys;
    event->of.keystrokes.count = count;
    return keys;
}

static void *take_points(struct source *in, canara_event_t *event)
{
    const size_t count = take_count(in, 2048);
    canara_point_t *points = room_for(count, sizeof *points);
    struct row t = take_row(in, 1000.0);
    struct row x = take_row(in, 2000.0);
    struct row y = take_row(in, 2000.0);
    for (size_t i = 0; i < count; i++) {
        points[i].t_ms = row_next(&t, in);
        points[i].x = row_next(&x, in);
        points[i].y = row_next(&y, in);
        if (!t.steps) {
            points[i].buttons = take(in) & 63U;
            points[i].pressure = take_number(in, 100.0);
            points[i].area = take_number(in, 1000.0);
        }
    }
    event->of.path.points = points;
    event->of.path.count = count;
    return points;
}

static void *take_typing(struct source *in, canara_event_t *event)
{
    event->of.typing.words_per_minute = take_number(in, 300.0);
    event->of.typing.backspace_frequency = take_number(in, 1.0);
    return take_intervals(in, event);
}

static void *take_navigation(struct source *in, canara_event_t *event)
{
    event->of.navigation.page_switches_per_minute = take_number(in, 1e4);
    event->of.navigation.time_on_page_s = take_number(in, 86400.0);
    event->of.navigation.current_page = take_text(in);
    return NULL;
}

static void *take_mouse(struct source *in, canara_event_t *event)
{
    event->of.mouse.movement_speed = take_number(in, 1e6);
    event->of.mouse.idle_time_s = take_number(in, 86400.0);
    event->of.mouse.click_pattern = take_text(in);
    return NULL;
}

static void *take_clicks(struct source *in, canara_event_t *event)
{
    event->of.clicks.clicks_per_second = take_number(in, 20.0);
    event->of.clicks.pattern = take_text(in);
    return NULL;
}

static void *take_transaction(struct source *in, canara_event_t *event)
{
    event->of.transaction.amount = take_number(in, 1e6);
    event->of.transaction.currency = take_text(in);
    return NULL;
}

static void *take_keystrokes(struct source *in, canara_event_t *event)
{
    event->of.keystrokes.field = take_text(in);
    return take_keys(in, event);
}

static void *take_scroll(struct source *in, canara_event_t *event)
{
    event->of.scroll.pixels = take_number(in, 1e4);
    event->of.scroll.velocity = take_number(in, 1e4);
    return NULL;
}

static void *take_motion(struct source *in, canara_event_t *event)
{
    for (size_t i = 0; i < 6; i++) {
        event->of.motion.mean[i] = take_number(in, 200.0);
        event->of.motion.sd[i] = take_number(in, 200.0);
    }
    return NULL;
}

static void *take_device(struct source *in, canara_event_t *event)
{
    event->of.device.model = take_text(in);
    event->of.device.os = take_text(in);
    event->of.device.timezone = take_text(in);
    const uint8_t flags = take(in);
    event->of.device.rooted = flags & 1U;
    event->of.device.emulator = flags >> 1U & 1U;
    event->of.device.remote_control = flags >> 2U & 1U;
    event->of.device.vpn = flags >> 3U & 1U;
    return NULL;
}

static void *take_lifecycle(struct source *in, canara_event_t *event)
{
    event->of.lifecycle.state = take_text(in);
    return NULL;
}

static void *take_features(struct source *in, canara_event_t *event)
{
    canara_event_t typing = {0};
    void *const room = take_intervals(in, &typing);
    event->of.features.values = typing.of.typing.key_press_intervals;
    event->of.features.count = typing.of.typing.intervals;
    event->of.features.name = take_text(in);
    return room;
}

/* clang-format off */
static void *(*const members[CANARA_EVENT_KINDS])(struct source *, canara_event_t *) = {
    [CANARA_TYPING_PATTERN]      = take_typing,
    [CANARA_NAVIGATION_PATTERN]  = take_navigation,
    [CANARA_MOUSE_MOVEMENT]      = take_mouse,
    [CANARA_RAPID_CLICKS]        = take_clicks,
    [CANARA_TRANSACTION_ATTEMPT] = take_transaction,
    [CANARA_LARGE_TRANSACTION]   = take_transaction,
    [CANARA_KEYSTROKES]          = take_keystrokes,
    [CANARA_POINTER]             = take_points,
    [CANARA_TOUCH]               = take_points,
    [CANARA_SCROLL]              = take_scroll,
    [CANARA_MOTION]              = take_motion,
    [CANARA_DEVICE_CONTEXT]      = take_device,
    [CANARA_LIFECYCLE]           = take_lifecycle,
    [CANARA_FEATURES]            = take_features,
};

/* clang-format on */

/* An event, of a kind that may not exist, and in `room` what it borrows. */
static canara_event_t take_event(struct source *in, void **room)
{
    const uint8_t how = take(in);
    canara_event_t event = {.kind = (enum canara_event_kind)(how % 24U)};
    event.has = how < 192 ? (1U << 31U) - 1 : (uint32_t)take_wide(in, 4);
    if ((unsigned)event.kind < CANARA_EVENT_KINDS && members[event.kind] != NULL) {
        *room = members[event.kind](in, &event);
    }
    return event;
}

/* Everything that was answered, in one number (FNV-1a). */
struct transcript {
    uint64_t sum;
};

NO_SANITIZE_WRAP static void say(struct transcript *t, const void *bytes, size_t len)
{
    const uint8_t *b = bytes;
    for (size_t i = 0; i < len; i++) {
        t->sum = (t->sum ^ b[i]) * UINT64_C(0x100000001b3);
    }
}

static void say_verdict(struct transcript *t, const canara_verdict_t *v)
{
    const uint8_t rest[] = {(uint8_t)v->level, (uint8_t)v->previous, v->challenge_started,
                            v->blocked, v->mpin_required};
    say(t, &v->risk, sizeof v->risk);
    say(t, rest, sizeof rest);
}

struct run {
    canara_session_t session;
    canara_config_t config;
    bool config_right, begun, blocked;
    int64_t at_ms;
    struct transcript said;
    struct canara_model *model;
    struct canara_profile *profile; /* NULL: none */
};

static void check_verdict(const struct run *r, const canara_verdict_t *v)
{
    MUST(v->risk >= 0.0 && v->risk <= 1.0);
    MUST(v->level <= CANARA_LEVEL_BLOCKED && v->previous <= CANARA_LEVEL_BLOCKED);
    MUST(v->challenge_started <= v->mpin_required && v->blocked <= 1 && v->mpin_required <= 1);
    MUST(v->risk < r->config.monitor || v->level >= CANARA_LEVEL_MONITOR);
    MUST(v->risk < r->config.challenge || v->level >= CANARA_LEVEL_CHALLENGE);
    MUST(!r->blocked || (v->level == CANARA_LEVEL_BLOCKED && v->blocked == 0));
}

/* What holds of the answer to an event or a fact, and of a look right behind it. */
static void check_change(struct run *r, const canara_verdict_t *v)
{
    check_verdict(r, v);
    MUST(v->risk < r->config.block || v->level == CANARA_LEVEL_BLOCKED);
    MUST(v->risk < r->config.challenge || v->level == CANARA_LEVEL_BLOCKED || v->mpin_required);
    MUST((v->level == CANARA_LEVEL_BLOCKED) == (r->blocked || v->blocked));
    MUST(v->blocked == 0 || v->challenge_started == 0);
    r->blocked = v->level == CANARA_LEVEL_BLOCKED;

    canara_verdict_t seen = {0};
    canara_peek(&r->session, &r->config, r->at_ms, &seen);
    MUST(same_bits(seen.risk, v->risk) && seen.level == v->level);
    MUST(seen.mpin_required == v->mpin_required && seen.challenge_started == 0);
}

static void take_answer(struct run *r, enum canara_status status, const canara_session_t *before,
                        const canara_verdict_t *v)
{
    say(&r->said, &status, sizeof status);
    if (status != CANARA_OK) {
        MUST(memcmp(&r->session, before, sizeof *before) == 0);
        MUST(v->risk < 0.0 && v->blocked == 77);
        return;
    }
    MUST(r->begun && r->config_right);
    check_change(r, v);
    say_verdict(&r->said, v);
}

static void compare(struct run *r, const canara_event_t *event)
{
    canara_baseline_t out[CANARA_BASELINES_MAX];
    const size_t n = canara_baselines(r->profile, event, out);
    MUST(n <= CANARA_BASELINES_MAX && (r->profile != NULL || n == 0));
    for (size_t i = 0; i < n; i++) {
        MUST(isfinite(out[i].value) && isfinite(out[i].usual) && out[i].spread >= 0.0);
        say(&r->said, &out[i].value, sizeof out[i].value);
    }
}

/* Store every part, load it into a profile of its own, and go on with that one. */
static void store_and_load(struct run *r)
{
    struct canara_profile *fresh = NULL;
    MUST(canara_profile_new(r->model, &fresh) == CANARA_OK);
    for (size_t i = 0; i < canara_profile_parts(r->profile); i++) {
        uint8_t bytes[CANARA_PART_BYTES];
        uint8_t again[CANARA_PART_BYTES];
        canara_part_t part;
        canara_part_t same;
        MUST(canara_profile_save(r->profile, i, bytes, &part) == CANARA_OK);
        MUST(canara_profile_load(fresh, bytes, part.size) == CANARA_OK);
        MUST(canara_profile_save(fresh, i, again, &same) == CANARA_OK);
        MUST(same.size == part.size && memcmp(bytes, again, part.size) == 0 && same.changed == 0);
        say(&r->said, bytes, part.size);
    }
    const canara_learning_t was = canara_profile_learning(r->profile);
    const canara_learning_t now = canara_profile_learning(fresh);
    MUST(was.state == now.state && was.sessions == now.sessions && now.sessions <= now.needed);
    canara_profile_free(&r->profile);
    r->profile = fresh;
}

static void learn(struct run *r, struct source *in)
{
    const uint8_t how = take(in);
    const enum canara_trust trust = (enum canara_trust)(how & 1U);
    uint8_t wanted = 0;
    canara_lesson_t lesson = {0};
    if (r->profile == NULL ||
        canara_learn_begin(r->profile, &r->session, trust, &wanted) != CANARA_OK || wanted == 0) {
        return;
    }
    for (unsigned i = 0; i < how >> 4U; i++) {
        struct source again = *in;
        void *room = NULL;
        const canara_event_t event = take_event((how & 2U) != 0 ? &again : in, &room);
        (void)canara_learn(r->profile, &event, r->at_ms);
        free(room);
    }
    if (canara_learn_end(r->profile, r->at_ms, &lesson) == CANARA_OK) {
        MUST(lesson.accepted + lesson.refused == lesson.seen);
        store_and_load(r);
    }
}

static void observe(struct run *r, struct source *in)
{
    void *room = NULL;
    const canara_event_t event = take_event(in, &room);
    const canara_session_t before = r->session;
    canara_verdict_t v = {.risk = -1.0, .blocked = 77};
    const enum canara_status status =
        canara_observe(&r->session, &r->config, r->profile, &event, r->at_ms, &v);
    compare(r, &event);
    free(room);
    take_answer(r, status, &before, &v);
}

static void note(struct run *r, struct source *in)
{
    const uint8_t which = take(in);
    const enum canara_fact fact = (enum canara_fact)(which % 9U);
    const double high = fact == CANARA_FACT_EXTERNAL ? 10.0 : 1.0;
    const double value = (which >= 128 ? -1.0 : 1.0) * take_number(in, high);
    const canara_session_t before = r->session;
    canara_verdict_t v = {.risk = -1.0, .blocked = 77};
    const enum canara_status status =
        canara_note(&r->session, &r->config, fact, value, r->at_ms, &v);
    take_answer(r, status, &before, &v);
    /* a predicted risk is reached, so that its threshold is; next to 0 a risk is as fine as 1 - x */
    MUST(status != CANARA_OK || fact != CANARA_FACT_PREDICTED_RISK || v.risk >= value ||
         value < 1e-12);
    MUST(status != CANARA_OK || fact != CANARA_FACT_BLOCKED || v.level == CANARA_LEVEL_BLOCKED);
}

static void look(struct run *r)
{
    canara_verdict_t v = {0};
    canara_peek(&r->session, &r->config, r->at_ms, &v);
    if (!r->begun) {
        MUST(v.level == CANARA_LEVEL_BLOCKED && v.mpin_required == 1 && v.risk >= 1.0);
    } else if (r->config_right) {
        check_verdict(r, &v);
        MUST(v.blocked == 0 && v.challenge_started == 0);
    } else {
        MUST(v.risk >= 0.0 && v.risk <= 1.0);
    }
    say_verdict(&r->said, &v);
}

static void ask_why(struct run *r)
{
    canara_reason_t reasons[CANARA_REASONS_MAX];
    const size_t n = canara_reasons(&r->session, r->at_ms, reasons);
    MUST(n <= CANARA_REASONS_MAX && (r->begun || n == 0));
    for (size_t i = 0; i < n; i++) {
        MUST(isfinite(reasons[i].nats) && reasons[i].nats != 0.0);
        MUST(i == 0 || fabs(reasons[i].nats) <= fabs(reasons[i - 1].nats));
        MUST(reasons[i].name != NULL && strchr(reasons[i].name, '.') != NULL);
        MUST(reasons[i].family != NULL && strlen(reasons[i].family) > 0);
        say(&r->said, &reasons[i].nats, sizeof reasons[i].nats);
        say(&r->said, reasons[i].name, strlen(reasons[i].name));
    }
}

/* Time mostly goes on, by up to a minute; sometimes back, far ahead, or anywhere at all. */
static int64_t take_time(struct source *in, int64_t at_ms)
{
    const uint8_t how = take(in);
    if (how == 255) {
        return (int64_t)take_wide(in, 8);
    }
    const bool usual = at_ms >= 0 && at_ms < INT64_C(1) << 50;
    const int64_t from = usual ? at_ms : T0;
    if (how >= 250) {
        return from - (int64_t)take_wide(in, 2);
    }
    return from + (how >= 240 ? (int64_t)take_wide(in, 4) : (int64_t)how * 240);
}

static uint64_t play(struct source in)
{
    const uint8_t how = take(&in);
    struct run r = {.config = canara_config_default(), .begun = (how & 2U) == 0, .at_ms = T0};
    r.said.sum = UINT64_C(0xcbf29ce484222325);
    if ((how & 1U) != 0) {
        r.config.monitor = take_number(&in, 1.0);
        r.config.challenge = take_number(&in, 1.0);
        r.config.block = take_number(&in, 1.0);
    }
    r.config_right = canara_config_check(&r.config) == CANARA_OK;
    if (r.begun) {
        canara_session_begin(&r.session, r.at_ms);
    }
    if ((how & 4U) != 0) {
        r.model = test_model_of_all();
        MUST(r.model != NULL && canara_profile_new(r.model, &r.profile) == CANARA_OK);
    }
    for (int steps = 0; in.left > 0 && steps < STEPS_MAX; steps++) {
        const uint8_t what = take(&in);
        r.at_ms = take_time(&in, r.at_ms);
        if (what < 128) {
            observe(&r, &in);
        } else if (what < 224) {
            note(&r, &in);
        } else if (what < 240) {
            look(&r);
        } else if (what < 248) {
            ask_why(&r);
        } else {
            learn(&r, &in);
        }
    }
    look(&r);
    ask_why(&r);
    say(&r.said, &r.session, sizeof r.session);
    canara_profile_free(&r.profile);
    canara_model_close(&r.model);
    return r.said.sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const struct source in = {bytes, len};
    MUST(play(in) == play(in));
    return 0;
}
