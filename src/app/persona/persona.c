#include "app/persona/persona.h"

#include "app/persona/persona_hand.h"
#include "base/util.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const kind_names[PERSONA_KINDS] = {
    "owner", "other", "bot", "replay", "remote_control", "credential_stuffing"};
static const char *const page_names[PERSONA_PAGES] = {"dashboard", "transfer", "history",
                                                      "profile"};

bool persona_kind_find(const char *name, enum persona_kind *out)
{
    for (unsigned k = 0; k < PERSONA_KINDS; k++) {
        if (strcmp(kind_names[k], name) == 0) {
            *out = (enum persona_kind)k;
            return true;
        }
    }
    return false;
}

const char *persona_kind_name(enum persona_kind kind)
{
    return kind_names[kind];
}

static void enter_page(struct persona *p, enum persona_page page)
{
    const double stay = log_normal_draw(&p->body.dwell[page], &p->rng, 1500.0, 180000.0);
    p->page = page;
    p->page_since_ms = p->now_ms;
    p->page_until_ms = p->now_ms + (int64_t)(p->kind == PERSONA_BOT ? 800.0 : stay);
}

void persona_init(struct persona *p, enum persona_kind kind, uint64_t seed, unsigned number)
{
    enum { PURPOSE_BODY = 1, PURPOSE_OTHER, PURPOSE_DRIFT, PURPOSE_SESSION };

    const bool stranger = kind == PERSONA_OTHER || kind == PERSONA_REMOTE;
    const unsigned session = kind == PERSONA_REPLAY ? 0 : number;
    const uint64_t who = rng_seed_for(seed, stranger ? PURPOSE_OTHER : PURPOSE_BODY);
    const uint64_t acts = kind == PERSONA_REPLAY ? PERSONA_OWNER : (uint64_t)kind;

    *p = (struct persona){.kind = kind};
    body_draw(&p->body, who);
    body_drift(&p->body, rng_seed_for(who, PURPOSE_DRIFT), session);
    rng_seed(&p->rng,
             rng_seed_for(rng_seed_for(rng_seed_for(who, PURPOSE_SESSION), session), acts));
    p->bot_is_metronome = (seed & 1) != 0;
    p->end_ms = (int64_t)rng_between(&p->rng, 180000.0, 720000.0);
    p->x = 640.0;
    p->y = 360.0;
    enter_page(p, PAGE_DASHBOARD);
}

static void begin_event(struct json_writer *w, const char *type)
{
    json_begin_object(w);
    json_name(w, "event_type");
    json_cstr(w, type);
    json_name(w, "data");
    json_begin_object(w);
}

static void write_lifecycle(struct json_writer *w, const char *word)
{
    begin_event(w, "lifecycle");
    json_name(w, "state");
    json_cstr(w, word);
}

static void write_device(struct persona *p, struct json_writer *w)
{
    static const struct {
        const char *model, *os, *screen;
    } devices[2][4] = {{{"ThinkPad T14", "Windows 11", "1920x1080"},
                        {"MacBook Air", "macOS 14.5", "1440x900"},
                        {"OptiPlex 7010", "Windows 10", "1280x1024"},
                        {"XPS 13", "Ubuntu 24.04", "1920x1200"}},
                       {{"Pixel 8", "Android 15", "1080x2400"},
                        {"Galaxy S23", "Android 14", "1080x2340"},
                        {"iPhone 14", "iOS 17.5", "1170x2532"},
                        {"Redmi Note 12", "Android 13", "1080x2400"}}};

    const unsigned family = p->body.mobile ? 1 : 0;
    const unsigned model = p->body.device % 4;
    begin_event(w, "device_context");
    json_name(w, "model");
    json_cstr(w, devices[family][model].model);
    json_name(w, "os");
    json_cstr(w, devices[family][model].os);
    json_name(w, "app_version");
    json_cstr(w, "4.2.0");
    json_name(w, "timezone");
    json_cstr(w, "Asia/Kolkata");
    json_name(w, "locale");
    json_cstr(w, "en-IN");
    json_name(w, "screen");
    json_cstr(w, devices[family][model].screen);
    json_name(w, "rooted");
    json_bool(w, false);
    json_name(w, "emulator");
    json_bool(w, p->kind == PERSONA_BOT && p->body.mobile);
    json_name(w, "remote_control");
    json_bool(w, p->kind == PERSONA_REMOTE);
    json_name(w, "vpn");
    json_bool(w, false);
}

/* Say which page was left, and go on by habit. */
static double turn_page(struct persona *p, struct json_writer *w)
{
    const double since_s = (double)(p->now_ms - p->page_since_ms) / 1000.0;
    p->pages++;
    begin_event(w, "navigation_pattern");
    json_name(w, "current_page");
    json_cstr(w, page_names[p->page]);
    json_name(w, "time_on_page");
    json_fixed(w, since_s, 2);
    json_name(w, "page_switches_per_minute");
    json_fixed(w, fmin(60000.0 * p->pages / (double)(p->now_ms + 1000), 10000.0), 2);

    const double draw = rng_double(&p->rng);
    double sum = 0.0;
    unsigned next = 0;
    for (unsigned to = 0; to < PERSONA_PAGES; to++) {
        sum += p->body.next[p->page][to];
        next = to;
        if (draw < sum) {
            break;
        }
    }
    enter_page(p, (enum persona_page)next);
    return 200.0;
}

static double write_transaction(struct persona *p, struct json_writer *w)
{
    begin_event(w, "transaction_attempt");
    json_name(w, "amount");
    json_fixed(w, log_normal_draw(&p->body.amount, &p->rng, 10.0, 45000.0), 2);
    json_name(w, "currency");
    json_cstr(w, "INR");
    return 1200.0;
}

static double write_scroll(struct persona *p, struct json_writer *w)
{
    const double ms = p->body.swipe_ms * exp(0.3 * rng_normal(&p->rng));
    const double pixels = p->body.swipe_px * exp(0.4 * rng_normal(&p->rng));
    begin_event(w, "scroll");
    json_name(w, "pixels");
    json_fixed(w, pixels, 1);
    json_name(w, "velocity");
    json_fixed(w, fmin(1000.0 * pixels / ms, 1e5), 1);
    return ms;
}

static double write_mouse_summary(struct persona *p, struct json_writer *w)
{
    begin_event(w, "mouse_movement");
    json_name(w, "movement_speed");
    json_fixed(w, fmax(90000.0 / p->body.reach_bit_ms * exp(0.2 * rng_normal(&p->rng)), 1.0), 1);
    json_name(w, "click_pattern");
    json_cstr(w, p->kind == PERSONA_BOT ? "automated" : "normal");
    json_name(w, "idle_time");
    json_fixed(w, rng_between(&p->rng, 0.1, 6.0), 2);
    return 300.0;
}

static double write_motion(struct persona *p, struct json_writer *w)
{
    static const char *const axes[] = {"ax", "ay", "az", "rx", "ry", "rz"};
    static const double typical[] = {0.4, 5.8, 7.7, 0.0, 0.0, 0.0};
    begin_event(w, "motion");
    for (size_t i = 0; i < ARRAY_LEN(axes); i++) {
        const bool bot = p->kind == PERSONA_BOT;
        json_name(w, axes[i]);
        json_begin_object(w);
        json_name(w, "mean");
        json_fixed(w, typical[i] + (bot ? 0.0 : 0.3 * rng_normal(&p->rng)), 3);
        json_name(w, "sd");
        json_fixed(w, bot ? 0.0 : rng_between(&p->rng, 0.02, 0.4), 3);
        json_end_object(w);
    }
    return 100.0;
}

static double write_point_or_touch(struct persona *p, struct json_writer *w)
{
    begin_event(w, p->body.mobile ? "touch" : "pointer");
    return p->body.mobile ? hand_touch(p, w) : hand_pointer(p, w);
}

static double write_clicks(struct json_writer *w)
{
    begin_event(w, "rapid_clicks");
    json_name(w, "clicks_per_second");
    json_number(w, 25.0);
    json_name(w, "pattern");
    json_cstr(w, "automated");
    return 1000.0;
}

static double write_keys(struct persona *p, struct json_writer *w, const char *field, bool digits)
{
    begin_event(w, "keystrokes");
    return hand_keys(p, w, field, digits);
}

/* One act of what people do on the page where the persona is. */
static double act(struct persona *p, struct json_writer *w)
{
    const uint64_t draw = rng_below(&p->rng, 10);
    if (p->kind == PERSONA_BOT && draw == 9) {
        return write_clicks(w);
    }
    if (p->page == PAGE_TRANSFER && draw < 5) {
        switch (draw) {
        case 0: return write_keys(p, w, "amount", true);
        case 1: return write_keys(p, w, "beneficiary", false);
        case 2: return write_keys(p, w, "note", false);
        case 3: return write_transaction(p, w);
        default: begin_event(w, "typing_pattern"); return hand_typing(p, w);
        }
    }
    if (p->page == PAGE_PROFILE && draw < 4) {
        return write_keys(p, w, draw < 2 ? "address" : "phone", draw >= 2);
    }
    if (draw < 6) {
        return write_point_or_touch(p, w);
    }
    if (draw < 8) {
        return write_scroll(p, w);
    }
    return p->body.mobile ? write_motion(p, w) : write_mouse_summary(p, w);
}

/* Write the event of this step; how long it took. */
static double write_event(struct persona *p, struct json_writer *w)
{
    if (p->step == 0) {
        write_lifecycle(w, "foreground");
        return 20.0;
    }
    if (p->step == 1) {
        write_device(p, w);
        return 500.0;
    }
    if (p->now_ms >= p->end_ms) {
        write_lifecycle(w, "background");
        p->over = true;
        return 0.0;
    }
    return p->now_ms >= p->page_until_ms ? turn_page(p, w) : act(p, w);
}

/* How long the persona thinks before the next act. */
static double pause_ms(struct persona *p)
{
    return p->kind == PERSONA_BOT
               ? 50.0
               : log_normal_draw(&(struct log_normal){7.2, 0.7}, &p->rng, 200.0, 20000.0);
}

err_t persona_next(struct persona *p, int64_t *due_ms, struct buf *event, bool *more)
{
    buf_clear(event);
    if (p->over || p->kind == PERSONA_STUFFER) {
        *more = false;
        return ERR_OK;
    }
    struct persona after = *p; /* an event that could not be written was not done */
    struct json_writer w;
    json_writer_init(&w, event);
    const double took = write_event(&after, &w);
    json_end_object(&w);
    json_end_object(&w);
    TRY(json_finish(&w));

    /* an act is told when it is done */
    const int64_t due = p->now_ms + (int64_t)ceil(took);
    after.now_ms = due + (int64_t)ceil(pause_ms(&after));
    after.step++;
    *p = after;
    *due_ms = due;
    *more = true;
    return ERR_OK;
}

bool persona_attempt(struct persona *p, int64_t *due_ms, struct persona_login *out)
{
    /* the head of every leaked list */
    static const char *const passwords[] = {"123456789", "password1", "qwerty123", "iloveyou1",
                                            "abc12345",  "welcome1",  "india@123", "sunshine1"};
    if (p->kind != PERSONA_STUFFER || p->step >= PERSONA_ATTEMPTS) {
        return false;
    }
    const unsigned who = (unsigned)rng_below(&p->rng, 100000);
    const unsigned device = (unsigned)rng_below(&p->rng, 1000000);
    (void)snprintf(out->email, sizeof out->email, "customer%05u@example.com", who);
    (void)snprintf(out->password, sizeof out->password, "%s",
                   passwords[rng_below(&p->rng, ARRAY_LEN(passwords))]);
    (void)snprintf(out->device_id, sizeof out->device_id, "device-%06u", device);
    *due_ms = p->now_ms;
    p->now_ms += (int64_t)rng_between(&p->rng, 80.0, 400.0);
    p->step++;
    return true;
}
