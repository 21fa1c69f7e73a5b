/* observe.c - the whole of libcanara in one screen: a customer types, then a script takes over.
 *
 *     cc -std=c99 observe.c $(pkg-config --cflags --libs canara)
 */
#include <canara.h>
#include <stdio.h>

static void say(const char *what, const canara_verdict_t *v)
{
    (void)printf("%-22s risk %.2f  %s%s\n", what, v->risk, canara_level_name(v->level),
                 v->challenge_started ? "  (ask for the MPIN)" : "");
}

int main(void)
{
    const int64_t start_ms = 1750000000000;
    static const double human[] = {0.15, 0.12, 0.18, 0.14, 0.21, 0.11, 0.16, 0.19, 0.13};
    static const double script[] = {0.01, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01};
    canara_session_t session;
    canara_verdict_t verdict;
    canara_reason_t reasons[CANARA_REASONS_MAX];
    canara_event_t typing = {.kind = CANARA_TYPING_PATTERN, .has = CANARA_F_KEY_PRESS_INTERVALS};

    canara_session_begin(&session, start_ms);

    typing.of.typing.key_press_intervals = human;
    typing.of.typing.intervals = sizeof human / sizeof *human;
    if (canara_observe(&session, NULL, NULL, &typing, start_ms + 2000, &verdict) != CANARA_OK) {
        return 1;
    }
    say("a customer types", &verdict);

    typing.of.typing.key_press_intervals = script;
    if (canara_observe(&session, NULL, NULL, &typing, start_ms + 4000, &verdict) != CANARA_OK) {
        return 1;
    }
    say("a script types", &verdict);
    const size_t count = canara_reasons(&session, start_ms + 4000, reasons);
    for (size_t i = 0; i < count; i++) {
        (void)printf("    %+.2f nats  %s (%s)\n", reasons[i].nats, reasons[i].name,
                     reasons[i].family);
    }
    if (!verdict.challenge_started) {
        return 1;
    }

    if (canara_note(&session, NULL, CANARA_FACT_MPIN_PASSED, 0.0, start_ms + 9000, &verdict) !=
        CANARA_OK) {
        return 1;
    }
    say("the MPIN was right", &verdict);
    return verdict.mpin_required ? 1 : 0;
}
