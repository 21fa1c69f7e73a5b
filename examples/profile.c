/* profile.c - libcanara knows a person: learn, save, load, and tell the owner from a thief. */
#include <canara.h>
#include <stdio.h>

static canara_event_t type(canara_key_t keys[9], double pace, int day)
{
    canara_event_t event = {.kind = CANARA_KEYSTROKES,
                            .has = CANARA_F_FIELD | CANARA_F_KEYS,
                            .of.keystrokes = {{"password", 8}, keys, 9}};
    for (int i = 0; i < 9; i++) {
        keys[i].down_ms = pace * i * (1.0 + 0.03 * (i % 3)) + (i * 7 + day * 5) % 11;
        keys[i].up_ms = keys[i].down_ms + 0.5 * pace + (i * 5 + day * 3) % 13;
        keys[i].key_class = CANARA_KEY_OTHER;
    }
    return event;
}

int main(void)
{
    size_t size = 0;
    const void *bytes = canara_model_builtin(&size);
    struct canara_model *model = NULL;
    struct canara_profile *learner = NULL, *owner = NULL;
    canara_session_t s;
    canara_verdict_t v = {0};
    canara_key_t keys[9] = {{0}};
    canara_lesson_t lesson;
    uint8_t all = 0, part[CANARA_PART_BYTES];
    int bad = canara_model_open(bytes, size, &model) || canara_profile_new(model, &learner) ||
              canara_profile_new(model, &owner);
    for (int day = 0; day < 20 && !bad; day++) { /* sessions that were the owner's for sure */
        const canara_event_t event = type(keys, 180.0, day);
        canara_session_begin(&s, day);
        bad = canara_learn_begin(learner, &s, CANARA_TRUST_ENROLMENT, &all) ||
              canara_learn(learner, &event, day) || canara_learn_end(learner, day, &lesson);
    }
    for (size_t i = 0; i < canara_profile_parts(learner) && !bad; i++) { /* to disk and back */
        canara_part_t about;
        bad = canara_profile_save(learner, i, part, &about) ||
              canara_profile_load(owner, part, about.size);
    }
    (void)printf("profile is %s\n", canara_learning_name(canara_profile_learning(owner).state));
    for (int thief = 0; thief < 2 && !bad; thief++) {
        const canara_event_t event = type(keys, thief ? 290.0 : 180.0, 31);
        canara_session_begin(&s, 20);
        bad = canara_observe(&s, NULL, owner, &event, 20, &v) != CANARA_OK;
        printf("%s: risk %.2f %s\n", thief ? "thief" : "owner", v.risk, canara_level_name(v.level));
        canara_reason_t reasons[CANARA_REASONS_MAX];
        const size_t count = canara_reasons(&s, 20, reasons);
        for (size_t i = 0; i < count; i++) { /* above 0 speaks against the owner */
            printf("    %+.2f nats  %s\n", reasons[i].nats, reasons[i].name);
        }
        bad = bad || (v.level >= CANARA_LEVEL_CHALLENGE) != (thief == 1);
    }
    canara_profile_free(&owner);
    canara_profile_free(&learner);
    canara_model_close(&model);
    return bad;
}
