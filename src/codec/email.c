#include "codec/email.h"

#include "base/util.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum { LABEL_MAX = 63 };

static bool is_alphanumeric(uint8_t b)
{
    const uint8_t lower = b | 0x20;
    return (b >= '0' && b <= '9') || (lower >= 'a' && lower <= 'z');
}

/* RFC 5322 section 3.2.3. */
static bool is_atext(uint8_t b)
{
    return is_alphanumeric(b) || (b != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", b) != NULL);
}

/* dot-atom: runs of atext between single dots. */
static bool is_dot_atom(span_t text)
{
    bool need = true;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '.') {
            if (need) {
                return false;
            }
            need = true;
            continue;
        }
        if (!is_atext(text.ptr[i])) {
            return false;
        }
        need = false;
    }
    return !need;
}

static bool is_label(span_t label)
{
    if (label.len == 0 || label.len > LABEL_MAX || label.ptr[0] == '-' ||
        label.ptr[label.len - 1] == '-') {
        return false;
    }
    for (size_t i = 0; i < label.len; i++) {
        if (!is_alphanumeric(label.ptr[i]) && label.ptr[i] != '-') {
            return false;
        }
    }
    return true;
}

static bool is_all_digits(span_t text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return false;
        }
    }
    return true;
}

/* Two labels or more; the last not all digits, so that no bare network address passes. */
static bool is_domain(span_t text)
{
    size_t labels = 0;
    size_t first = 0;
    span_t label = {0};
    for (size_t i = 0; i <= text.len; i++) {
        if (i < text.len && text.ptr[i] != '.') {
            continue;
        }
        label = (span_t){text.ptr + first, i - first};
        if (!is_label(label)) {
            return false;
        }
        labels++;
        first = i + 1;
    }
    return labels >= 2 && !is_all_digits(label);
}

static const char *fault_of(span_t text, span_t *local, span_t *domain)
{
    if (text.len == 0 || text.len > EMAIL_MAX) {
        return "email must be 1 to 254 bytes long";
    }
    const uint8_t *const at = memchr(text.ptr, '@', text.len);
    if (at == NULL || memchr(at + 1, '@', text.len - (size_t)(at + 1 - text.ptr)) != NULL) {
        return "email must contain exactly one @";
    }
    *local = (span_t){text.ptr, (size_t)(at - text.ptr)};
    *domain = (span_t){at + 1, text.len - local->len - 1};
    if (local->len == 0 || local->len > EMAIL_LOCAL_MAX) {
        return "email must have 1 to 64 bytes before the @";
    }
    if (!is_dot_atom(*local)) {
        return "email has a character or dot before the @ that is not allowed";
    }
    return is_domain(*domain) ? NULL : "email must have a host name with a dot after the @";
}

err_t email_parse(span_t text, email_t *out, const char **fault)
{
    span_t local = {0};
    span_t domain = {0};
    const char *const wrong = fault_of(text, &local, &domain);
    if (wrong != NULL) {
        if (fault != NULL) {
            *fault = wrong;
        }
        return err_new(ERR_FORMAT);
    }
    email_t email = {.len = (uint8_t)text.len};
    for (size_t i = 0; i < text.len; i++) {
        email.key[i] = ascii_lower((char)text.ptr[i]);
    }
    memcpy(email.text, email.key, text.len);
    for (size_t i = 0; i < local.len; i++) {
        email.text[i] = (char)text.ptr[i];
    }
    *out = email;
    return ERR_OK;
}
