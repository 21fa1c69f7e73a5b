/* Says whether a text can be a signing key: long enough, not a sample, not a pattern. */
#include "base/util.h"
#include "crypto/keys.h"

#include <stdbool.h>
#include <string.h>

enum { DISTINCT_MIN = 8 };

/* Compared without letter case and without - _ . and spaces. */
static const char *const samples[] = {
    "yourproductionsecret",
    "yoursecret",
    "yoursupersecret",
    "yourownsecret",
    "changeme",
    "changethis",
    "changeit",
    "replaceme",
    "replacethis",
    "placeholder",
    "insecure",
    "supersecretkey",
    "mysecretkey",
    "examplesecret",
    "notsosecret",
    "notasecret",
    "defaultsecret",
    "generateyourown",
    "putyoursecret",
    "enteryoursecret",
    "secretkeyhere",
    "yourkeyhere",
    "donotuse",
};

static size_t normalise(const char *text, char out[SECRET_KEY_MAX + 1])
{
    size_t n = 0;
    for (const char *p = text; *p != '\0' && n < SECRET_KEY_MAX; p++) {
        if (strchr("-_. ", *p) == NULL) {
            out[n++] = ascii_lower(*p);
        }
    }
    out[n] = '\0';
    return n;
}

static bool is_sample(const char *text)
{
    char plain[SECRET_KEY_MAX + 1];
    (void)normalise(text, plain);
    bool found = false;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        found = found || strstr(plain, samples[i]) != NULL;
    }
    explicit_bzero(plain, sizeof plain);
    return found;
}

/* The same piece again and again: abcabcabc. */
static bool is_periodic(const char *text, size_t len)
{
    for (size_t period = 1; period <= len / 2; period++) {
        if (memcmp(text, text + period, len - period) == 0) { /* a bit of timing, at start only */
            return true;
        }
    }
    return false;
}

/* One step from letter to letter makes up half of the text or more: abcdefgh, 97531. */
static bool is_a_run(const char *text, size_t len)
{
    unsigned steps[512] = {0};
    unsigned most = 0;
    for (size_t i = 1; i < len; i++) {
        const int step = (unsigned char)text[i] - (unsigned char)text[i - 1] + 256;
        steps[step]++;
        most = steps[step] > most ? steps[step] : most;
    }
    return most >= len - len / 2;
}

/* Few different letters, or one that fills a third of the text: a random key of 32 hexadecimal
 * digits fails this once in 10^6, any longer one less than that. */
static bool is_monotonous(const char *text, size_t len)
{
    unsigned count[256] = {0};
    size_t distinct = 0;
    unsigned most = 0;
    for (size_t i = 0; i < len; i++) {
        unsigned *const n = &count[(unsigned char)text[i]];
        distinct += *n == 0;
        (*n)++;
        most = *n > most ? *n : most;
    }
    return distinct < DISTINCT_MIN || most > len / 3;
}

const char *secret_key_fault(span_t text)
{
    if (text.len < SECRET_KEY_MIN) {
        return "must have at least 32 bytes";
    }
    if (text.len > SECRET_KEY_MAX) {
        return "must have at most 512 bytes";
    }
    char copy[SECRET_KEY_MAX + 1];
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    const char *fault = NULL;
    if (memchr(copy, '\0', text.len) != NULL) {
        fault = "must not contain a zero byte";
    } else if (is_sample(copy)) {
        fault = "is a sample value from documentation";
    } else if (is_periodic(copy, text.len) || is_a_run(copy, text.len) ||
               is_monotonous(copy, text.len)) {
        fault = "is too easy to guess";
    }
    explicit_bzero(copy, sizeof copy);
    return fault;
}
