#include "lab/sets/buffer_line.h"

#include "base/util.h"
#include "codec/json_read.h"

/* Facts as the server names them in a buffer file. */
static const struct {
    span_t type;
    enum canara_fact fact;
    const char *member; /* of data, which holds the value; NULL: there is none */
} facts[] = {
    {SPAN_INIT("device_new"), CANARA_FACT_NEW_DEVICE, NULL},
    {SPAN_INIT("device_unproved"), CANARA_FACT_UNPROVED_DEVICE, NULL},
    {SPAN_INIT("mpin_verified"), CANARA_FACT_MPIN_PASSED, NULL},
    {SPAN_INIT("mpin_challenge_passed"), CANARA_FACT_MPIN_PASSED, NULL},
    {SPAN_INIT("mpin_failed"), CANARA_FACT_MPIN_FAILED, NULL},
    {SPAN_INIT("policy_challenge"), CANARA_FACT_CHALLENGED, NULL},
    {SPAN_INIT("external_fact"), CANARA_FACT_EXTERNAL, "nats"},
};

#define NATS_MAX 10.0

static enum buffer_kind read_fact(const struct line_text *text, struct buffer_line *out)
{
    size_t i = 0;
    while (i < ARRAY_LEN(facts) && !span_eq(facts[i].type, text->type)) {
        i++;
    }
    if (i == ARRAY_LEN(facts)) {
        return BUFFER_REMARK;
    }
    CLEANUP(json_free) struct json *data = NULL;
    double value = 0.0;
    const bool good = facts[i].member == NULL || (!failed(json_parse(text->data, &data, NULL)) &&
                                                  json_get_double(data, facts[i].member, &value) &&
                                                  value >= -NATS_MAX && value <= NATS_MAX);
    if (!good) {
        return BUFFER_REMARK;
    }
    out->fact = facts[i].fact;
    out->value = value;
    return BUFFER_FACT;
}

/* "keys" is a number where it was an array. */
static bool is_redacted(const struct line_text *text)
{
    if (!span_eq(text->type, SPAN_LIT("keystrokes"))) {
        return false;
    }
    CLEANUP(json_free) struct json *data = NULL;
    int64_t keys = 0;
    return !failed(json_parse(text->data, &data, NULL)) && json_get_int(data, "keys", &keys);
}

/* What is taken of other people's data sets alone: the server writes no such line. */
static bool is_foreign(const struct line_text *text, struct line_fault *fault)
{
    if ((text->notes & ~NOTE_BIT(NOTE_UNKNOWN_EVENT)) == 0) {
        return false;
    }
    *fault = (struct line_fault){
        "is not as the server writes it: a time with a zone, an address, and events as the API takes "
        "them are allowed",
        "line"};
    return true;
}

enum line_answer buffer_line_parse(struct line_scratch *s, span_t line, struct buffer_line *out,
                                   struct line_fault *fault)
{
    struct buffer_line b = {.kind = BUFFER_EVENT};
    if (line_text_parse(s, line, &b.text, fault) != LINE_OK || is_foreign(&b.text, fault)) {
        return LINE_REFUSED;
    }
    if (event_type_is_server_fact(b.text.type)) {
        b.kind = read_fact(&b.text, &b);
        *out = b;
        return LINE_OK;
    }
    if (is_redacted(&b.text)) {
        b.kind = BUFFER_SECRET;
        *out = b;
        return LINE_OK;
    }
    if (line_event_parse(s, &b.text, &b.event, &b.text.notes, fault) != LINE_OK ||
        is_foreign(&b.text, fault)) {
        return LINE_REFUSED;
    }
    *out = b;
    return LINE_OK;
}
