#include "engine/session/bots.h"

#include "engine/arithmetic/numbers.h"
#include "engine/machines/bot_habits.h"
#include "engine/machines/bot_learned.h"
#include "engine/machines/path.h"
#include "engine/machines/timing.h"

#include <math.h>

#define CLICK_JUMP_PX 30.0

/* Whether an event says it took longer than the session is old. */
static bool is_ahead(const struct session_state *s, double span_ms, int64_t at_ms)
{
    const int64_t now = at_ms > s->at_ms ? at_ms : s->at_ms;
    return span_ms > (double)(now - s->begin_ms) + BOT_AHEAD_SLACK_MS;
}

static void look_at_intervals(struct session_state *s, const canara_event_t *event)
{
    if ((event->has & CANARA_F_KEY_PRESS_INTERVALS) == 0) {
        return;
    }
    const double *x = event->of.typing.key_press_intervals;
    bool superhuman = false;
    bool regular = false;
    for (size_t from = 0; from < event->of.typing.intervals; from += TIMING_SERIES_MAX) {
        double SCRATCH ms[TIMING_SERIES_MAX];
        size_t n = 0;
        while (n < TIMING_SERIES_MAX && from + n < event->of.typing.intervals) {
            ms[n] = 1000.0 * x[from + n];
            n++;
        }
        superhuman = superhuman || timing_is_fast(ms, n, TIMING_FAST_MS, TIMING_FAST_MIN);
        regular = regular || timing_is_regular(ms, n);
    }
    if (superhuman) {
        rule_met_bot(s, BOT_SUPERHUMAN_TIMING);
    }
    if (regular) {
        rule_met_bot(s, BOT_REGULAR_TIMING);
    }
}

/* Down to down times between keys that a hand pressed one after the other: a shift goes with its
 * letter, and a delete key held down repeats by itself. */
static size_t key_gaps(const canara_key_t *keys, size_t n, double gap[TIMING_SERIES_MAX])
{
    size_t gaps = 0;
    for (size_t i = 1; i < n; i++) {
        const canara_key_t *a = &keys[i - 1];
        const canara_key_t *b = &keys[i];
        const bool shift =
            a->key_class == CANARA_KEY_MODIFIER || b->key_class == CANARA_KEY_MODIFIER;
        const bool deletes = a->key_class == CANARA_KEY_DELETE && b->key_class == CANARA_KEY_DELETE;
        if (!shift && !deletes && gaps < TIMING_SERIES_MAX) {
            gap[gaps++] = b->down_ms - a->down_ms;
        }
    }
    return gaps;
}

/* Holds of every key; none when all are 0, since soft keyboards often report no release. */
static size_t key_holds(const canara_key_t *keys, size_t n, double hold[TIMING_SERIES_MAX])
{
    bool measured = false;
    for (size_t i = 0; i < n && i < TIMING_SERIES_MAX; i++) {
        hold[i] = keys[i].up_ms - keys[i].down_ms;
        measured = measured || hold[i] > 0.0;
    }
    return measured ? n : 0;
}

static void look_at_keys(struct session_state *s, const canara_event_t *event, int64_t at_ms)
{
    const size_t n = event->of.keystrokes.count;
    if ((event->has & CANARA_F_KEYS) == 0 || n == 0) {
        return;
    }
    const canara_key_t *keys = event->of.keystrokes.keys;
    double SCRATCH gap[TIMING_SERIES_MAX];
    double SCRATCH hold[TIMING_SERIES_MAX];
    const size_t gaps = key_gaps(keys, n, gap);
    const size_t holds = key_holds(keys, n, hold);

    /* eight keys have seven gaps */
    if (timing_is_fast(gap, gaps, TIMING_FAST_MS, TIMING_FAST_MIN - 1) ||
        timing_is_fast(hold, holds, TIMING_FAST_HOLD_MS, TIMING_FAST_MIN)) {
        rule_met_bot(s, BOT_SUPERHUMAN_TIMING);
    }
    if (timing_is_regular(gap, gaps)) {
        rule_met_bot(s, BOT_REGULAR_TIMING);
    } else if (timing_is_on_grid(gap, gaps) && (holds == 0 || timing_is_on_grid(hold, holds))) {
        rule_met_bot(s, BOT_EXACT_GRID);
    }
    if (timing_is_even(hold, holds)) {
        rule_met_bot(s, BOT_EVEN_HOLDS);
    }
    if (is_ahead(s, keys[n - 1].up_ms, at_ms)) {
        rule_met_bot(s, BOT_IMPOSSIBLE_TIMES);
    }
}

static void look_at_clicks(struct session_state *s, const canara_event_t *event)
{
    if ((event->has & CANARA_F_CLICKS_PER_SECOND) == 0) {
        return;
    }
    const double rate = event->of.clicks.clicks_per_second;
    if (rate > BOT_CLICKS_SUPERHUMAN) {
        rule_met_bot(s, BOT_SUPERHUMAN_CLICKS);
    } else if (rate >= BOT_CLICKS_FAST) {
        rule_met_bot(s, BOT_FAST_CLICKS);
    }
}

static bool bit(const struct session_state *s, enum session_bits b)
{
    return (s->bits & (unsigned)b) != 0;
}

/* Follow the pointer over the points, of which there is one at least. True for a press far from where the
 * pointer stood, with no movement since the last press, on a device that has shown a pointer that moves. */
static bool follow_pointer(struct session_state *s, const canara_point_t *p, size_t n)
{
    const bool known = bit(s, SESSION_POINTER_KNOWN);
    double x = known ? s->pointer_x : p[0].x;
    double y = known ? s->pointer_y : p[0].y;
    bool moved = bit(s, SESSION_POINTER_MOVED);
    bool moves = bit(s, SESSION_POINTER_MOVES);
    bool down = bit(s, SESSION_POINTER_DOWN);
    bool leapt = false;
    for (size_t i = 0; i < n; i++) {
        const double dx = p[i].x - x;
        const double dy = p[i].y - y;
        const double jump = dx * dx + dy * dy; /* of px^2: the points are sane */
        const bool press = p[i].buttons != 0 && !down;
        const bool stirs = !press && jump > 0.0;
        leapt = leapt || (press && jump > CLICK_JUMP_PX * CLICK_JUMP_PX && moves && !moved);
        moved = stirs || (moved && !press);
        moves = moves || stirs;
        down = p[i].buttons != 0;
        x = p[i].x;
        y = p[i].y;
    }
    const unsigned others =
        s->bits &
        ~(unsigned)(SESSION_POINTER_MOVED | SESSION_POINTER_MOVES | SESSION_POINTER_DOWN) & 0xffU;
    s->bits = (uint8_t)(others | SESSION_POINTER_KNOWN | (moved ? SESSION_POINTER_MOVED : 0U) |
                        (moves ? SESSION_POINTER_MOVES : 0U) | (down ? SESSION_POINTER_DOWN : 0U));
    s->pointer_x = x;
    s->pointer_y = y;
    return leapt;
}

/* What a mouse shows and a finger does not. */
static void look_at_motion(struct session_state *s, const struct bot_windows *w, int64_t at_ms)
{
    const canara_point_t *p = w->p;
    const size_t n = w->n;
    const enum bot_leap leap = bot_clock_leaps(p, n);
    if (leap == BOT_LEAP_RESTS) {
        rule_met_bot(s, BOT_LEAP);
    }
    s->leapt_ms = leap == BOT_LEAP_OPEN ? at_ms : 0;
    if (bot_clock_is_still(p, n)) {
        rule_met_bot(s, BOT_MOTIONLESS);
    }
    struct bot_sum sum = {s->motion[0], s->motion[1]};
    const double before = bot_learned_nats(&sum);
    bot_learned_add(bot_learned_shipped(), w, &sum);
    rule_weigh_bot(s, BOT_LEARNED_MOTION, before, bot_learned_nats(&sum));
    s->motion[0] = sum.margin;
    s->motion[1] = sum.windows;
}

/* Even steps of a finger, stroke by stroke: it may wait between two, and it leaps from one to the next. */
static double least_spread(const canara_point_t *p, size_t n)
{
    double least = BOT_MOTION_UNEVEN;
    for (size_t first = 0; first < n;) {
        const size_t length = path_stroke_length(p, n, first);
        if (length >= BOT_MOTION_MIN_POINTS) {
            least = fmin(least, bot_motion_step_spread(p + first, length));
        }
        first += length;
    }
    return least;
}

static void look_at_habits(struct session_state *s, const canara_event_t *event)
{
    const canara_point_t *p = event->of.path.points;
    const size_t n = event->of.path.count;
    const struct bot_shown shown = event->kind == CANARA_TOUCH ? bot_habits_touch(&s->habits, p, n)
                                                               : bot_habits_point(&s->habits, p, n);
    if (shown.straight) {
        rule_met_bot(s, BOT_STRAIGHT_REACHES);
    }
    if (shown.quick) {
        rule_met_bot(s, BOT_QUICK_PRESS);
    }
    if (shown.even) {
        rule_met_bot(s, BOT_EVEN_HOLDS);
    }
    if (shown.jumps) {
        rule_met_bot(s, BOT_JUMPS);
    }
    if (shown.again) {
        rule_met_bot(s, BOT_SAME_SWIPE);
    }
}

/* What pointer and touch have in common. */
static void look_at_path(struct session_state *s, const canara_event_t *event, int64_t at_ms)
{
    const bool touch = event->kind == CANARA_TOUCH;
    const canara_point_t *p = event->of.path.points;
    const size_t n = event->of.path.count;
    struct bot_windows SCRATCH w;
    const bool straight = touch ? path_touch_is_straight(p, n) : path_pointer_is_straight(p, n);
    if (straight) {
        rule_met_bot(s, BOT_STRAIGHT_PATH);
    }
    if (!straight && path_is_on_grid(p, n)) {
        rule_met_bot(s, BOT_EXACT_GRID);
    }
    if (touch) {
        w.spread = least_spread(p, n);
    } else {
        bot_windows_begin(&w, p, n);
    }
    if (!straight && w.spread < 1.0) {
        rule_met_bot(s, BOT_EVEN_STEPS);
    }
    if (!touch) {
        look_at_motion(s, &w, at_ms > s->at_ms ? at_ms : s->at_ms);
    }
    if (path_times_go_back(p, n, touch) || is_ahead(s, p[n - 1].t_ms - p[0].t_ms, at_ms)) {
        rule_met_bot(s, BOT_IMPOSSIBLE_TIMES);
    }
}

static void look_at_points(struct session_state *s, const canara_event_t *event, int64_t at_ms)
{
    const canara_point_t *p = event->of.path.points;
    const size_t n = event->of.path.count;
    if ((event->has & CANARA_F_POINTS) == 0 || n == 0 || !path_is_sane(p, n)) {
        return;
    }
    look_at_path(s, event, at_ms);
    look_at_habits(s, event);
    if (event->kind == CANARA_TOUCH) {
        if (path_touch_is_synthetic(p, n)) {
            rule_met_bot(s, BOT_SYNTHETIC_TOUCH);
        }
        return;
    }
    if (follow_pointer(s, p, n)) {
        rule_met_bot(s, BOT_CLICK_WITHOUT_MOVEMENT);
    }
}

/* A leap that ended an event: does the pointer rest there? Any later event tells, a pointer's by when it
 * first stirs. */
static void look_behind_leap(struct session_state *s, const canara_event_t *event, int64_t at_ms)
{
    if (s->leapt_ms == 0) {
        return;
    }
    double rest = (double)((at_ms > s->at_ms ? at_ms : s->at_ms) - s->leapt_ms);
    bool stirs = false;
    if (event->kind == CANARA_POINTER && (event->has & CANARA_F_POINTS) != 0) {
        const canara_point_t *p = event->of.path.points;
        const size_t n = event->of.path.count;
        const size_t i = bot_clock_stirs(p, n, s->pointer_x, s->pointer_y);
        stirs = i < n;
        rest -= stirs ? p[n - 1].t_ms - p[i].t_ms : 0.0;
    }
    if (rest > BOT_LEAP_REST_MS) {
        rule_met_bot(s, BOT_LEAP);
    }
    if (stirs || rest > BOT_LEAP_REST_MS) {
        s->leapt_ms = 0;
    }
}

void bots_look(struct session_state *s, const canara_event_t *event, int64_t at_ms)
{
    look_behind_leap(s, event, at_ms);
    switch (event->kind) {
    case CANARA_TYPING_PATTERN: look_at_intervals(s, event); return;
    case CANARA_KEYSTROKES: look_at_keys(s, event, at_ms); return;
    case CANARA_RAPID_CLICKS: look_at_clicks(s, event); return;
    case CANARA_POINTER:
    case CANARA_TOUCH: look_at_points(s, event, at_ms); return;
    case CANARA_NAVIGATION_PATTERN:
    case CANARA_MOUSE_MOVEMENT:
    case CANARA_TRANSACTION_ATTEMPT:
    case CANARA_LARGE_TRANSACTION:
    case CANARA_COPY_PASTE_BEHAVIOR:
    case CANARA_UNUSUAL_NAVIGATION:
    case CANARA_NEW_BENEFICIARY:
    case CANARA_OFF_HOURS_ACTIVITY:
    case CANARA_MULTIPLE_LOGIN_ATTEMPTS:
    case CANARA_IDLE_TIMEOUT:
    case CANARA_NORMAL_TYPING:
    case CANARA_SCROLL:
    case CANARA_MOTION:
    case CANARA_DEVICE_CONTEXT:
    case CANARA_LIFECYCLE:
    case CANARA_FEATURES:
    case CANARA_UNKNOWN:
    case CANARA_EVENT_KINDS: return;
    }
}
