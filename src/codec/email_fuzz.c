/* email_fuzz.c - addresses: what is taken keeps its promises and reads back as itself. */
#include "codec/email.h"

#include <string.h>

/* libFuzzer's name. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len); /* NOLINT */

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    email_t email = {0};
    const char *fault = NULL;
    if (failed(email_parse((span_t){bytes, len}, &email, &fault))) {
        MUST(fault != NULL && email.len == 0);
        return 0;
    }
    MUST(fault == NULL && email.len == len && len <= EMAIL_MAX);
    MUST(strlen(email.text) == len && strlen(email.key) == len);
    const char *const at = strchr(email.text, '@');
    MUST(at != NULL && strchr(at + 1, '@') == NULL && at - email.text <= EMAIL_LOCAL_MAX);
    MUST(strchr(at, '.') != NULL && strcmp(at, email.key + (at - email.text)) == 0);
    MUST(strcasecmp(email.text, email.key) == 0);
    for (size_t i = 0; i < len; i++) {
        MUST(email.key[i] > ' ' && email.key[i] < 0x7f &&
             !(email.key[i] >= 'A' && email.key[i] <= 'Z'));
    }

    email_t again = {0};
    MUST(!failed(email_parse((span_t){(const uint8_t *)email.text, len}, &again, NULL)));
    MUST(strcmp(again.text, email.text) == 0 && strcmp(again.key, email.key) == 0);
    email_t folded = {0};
    MUST(!failed(email_parse((span_t){(const uint8_t *)email.key, len}, &folded, NULL)));
    MUST(strcmp(folded.text, email.key) == 0 && strcmp(folded.key, email.key) == 0);
    return 0;
}
