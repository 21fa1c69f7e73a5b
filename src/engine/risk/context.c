#include "engine/risk/context.h"

#include "base/err.h"
#include "engine/profile/profile.h"

static bool amount_is_high(const struct routine *own, double amount)
{
    bool known = false;
    const bool high = own != NULL && routine_amount_is_high(own, amount, &known);
    return known ? high : amount > CONTEXT_HIGH_AMOUNT_FROM;
}

static void met(struct session_state *s, const struct routine *own, const canara_event_t *event)
{
    switch (event->kind) {
    case CANARA_LARGE_TRANSACTION: rule_met_context(s, CONTEXT_LARGE_TRANSACTION); return;
    case CANARA_COPY_PASTE_BEHAVIOR: rule_met_context(s, CONTEXT_COPY_PASTE); return;
    case CANARA_UNUSUAL_NAVIGATION: rule_met_context(s, CONTEXT_UNUSUAL_NAVIGATION); return;
    case CANARA_NEW_BENEFICIARY: rule_met_context(s, CONTEXT_NEW_BENEFICIARY); return;
    case CANARA_OFF_HOURS_ACTIVITY: rule_met_context(s, CONTEXT_OFF_HOURS); return;
    case CANARA_MULTIPLE_LOGIN_ATTEMPTS:
        rule_met_context(s, CONTEXT_MULTIPLE_LOGIN_ATTEMPTS);
        return;
    case CANARA_TRANSACTION_ATTEMPT:
        if ((event->has & CANARA_F_AMOUNT) != 0 &&
            amount_is_high(own, event->of.transaction.amount)) {
            rule_met_context(s, CONTEXT_HIGH_AMOUNT);
        }
        return;
    case CANARA_TYPING_PATTERN:
    case CANARA_NAVIGATION_PATTERN:
    case CANARA_MOUSE_MOVEMENT:
    case CANARA_RAPID_CLICKS:
    case CANARA_IDLE_TIMEOUT:
    case CANARA_NORMAL_TYPING:
    case CANARA_KEYSTROKES:
    case CANARA_POINTER:
    case CANARA_TOUCH:
    case CANARA_SCROLL:
    case CANARA_MOTION:
    case CANARA_DEVICE_CONTEXT:
    case CANARA_LIFECYCLE:
    case CANARA_FEATURES:
    case CANARA_UNKNOWN:
    case CANARA_EVENT_KINDS: return;
    }
}

/* FNV-1a, 64 bits (Fowler, Noll, Vo 1991); never 0, which stands for "not told". */
static NO_SANITIZE_WRAP uint64_t text_hash(canara_text_t text)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < text.len; i++) {
        h = (h ^ (unsigned char)text.ptr[i]) * UINT64_C(0x100000001b3);
    }
    return h | UINT64_C(1);
}

/* Remember a name of the device; true when it is another one than before. */
static bool name_changed(uint64_t *known, bool sent, canara_text_t text)
{
    if (!sent || text.len == 0) {
        return false;
    }
    const uint64_t now = text_hash(text);
    const bool changed = *known != 0 && *known != now;
    *known = now;
    return changed;
}

/* Remember one flag of the device; true when it rises. An event repeated is not a second fact. */
static bool flag_rose(struct session_state *s, uint8_t bit, bool sent, uint8_t value)
{
    if (!sent) {
        return false;
    }
    const bool before = (s->bits & bit) != 0;
    const unsigned others = s->bits & ~(unsigned)bit & 0xffU;
    s->bits = (uint8_t)(value != 0 ? others | bit : others);
    return value != 0 && !before;
}

static void look_at_device(struct session_state *s, const canara_event_t *event)
{
    const uint32_t has = event->has;
    const bool model =
        name_changed(&s->model_hash, (has & CANARA_F_MODEL) != 0, event->of.device.model);
    const bool os = name_changed(&s->os_hash, (has & CANARA_F_OS) != 0, event->of.device.os);
    if (model || os) {
        rule_met_context(s, CONTEXT_DEVICE_CHANGED);
    }

    const bool rooted =
        flag_rose(s, SESSION_ROOTED, (has & CANARA_F_ROOTED) != 0, event->of.device.rooted);
    const bool emulator =
        flag_rose(s, SESSION_EMULATOR, (has & CANARA_F_EMULATOR) != 0, event->of.device.emulator);
    if (rooted || emulator) {
        rule_met_context(s, CONTEXT_EMULATOR_OR_ROOTED);
    }
    if (flag_rose(s, SESSION_REMOTE_CONTROL, (has & CANARA_F_REMOTE_CONTROL) != 0,
                  event->of.device.remote_control)) {
        rule_met_context(s, CONTEXT_REMOTE_CONTROL);
    }
    if (flag_rose(s, SESSION_VPN, (has & CANARA_F_VPN) != 0, event->of.device.vpn)) {
        rule_met_context(s, CONTEXT_VPN);
    }
}

/* Once: a session that goes on into the night is one circumstance. */
static void look_at_hour(struct session_state *s, const struct routine *own)
{
    if (own != NULL && s->context_times[CONTEXT_OFF_OWN_HOURS] == 0 &&
        routine_hour_is_odd(own, routine_hour(s->at_ms))) {
        rule_met_context(s, CONTEXT_OFF_OWN_HOURS);
    }
}

void context_look(struct session_state *s, const struct canara_profile *profile,
                  const canara_event_t *event)
{
    const struct part *p = profile_table(profile, PART_ROUTINE);
    const struct routine *own = p == NULL ? NULL : &p->of.routine;
    look_at_hour(s, own);
    if (event->kind == CANARA_DEVICE_CONTEXT) {
        look_at_device(s, event);
        return;
    }
    met(s, own, event);
}
