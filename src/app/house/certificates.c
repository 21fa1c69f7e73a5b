#include "app/house/certificates.h"

#include "app/cli/whole_file.h"
#include "base/util.h"
#include "codec/time_text.h"
#include "crypto/key_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WARN_DAYS = 14, DAY_MS = 86400000, REASON_BYTES = 64 };

_Static_assert((int)CERTIFICATES_WHY_BYTES >= (int)TLS_WHY_BYTES, "the reason of TLS fits");
_Static_assert((int)CERTIFICATES_WHY_BYTES >= (int)KEYRING_WHY_BYTES, "the reason of a key fits");

/* Two pairs of files, in memory. */
struct files {
    struct buf cert[LIMIT_TLS_PAIRS];
    uint8_t key[LIMIT_TLS_PAIRS][LIMIT_TLS_PEM_BYTES];
    struct tls_pair pair[LIMIT_TLS_PAIRS];
    size_t pairs;
};

static void wipe_files(struct files *f)
{
    for (size_t i = 0; i < LIMIT_TLS_PAIRS; i++) {
        buf_deinit(&f->cert[i]);
    }
    explicit_bzero(f->key, sizeof f->key);
}

static const char *words_of(err_t e, char words[REASON_BYTES])
{
    if (e.code == ERR_IO) {
        return strerror_r(errno, words, REASON_BYTES);
    }
    return e.code == ERR_RANGE ? "must be a regular file" : "is too long";
}

static err_t read_cert(const char *name, const char *path, struct buf *out,
                       char why[CERTIFICATES_WHY_BYTES])
{
    char reason[REASON_BYTES] = "";
    buf_init(out, LIMIT_TLS_PEM_BYTES);
    const err_t e = whole_file_read_regular(path, out);
    if (failed(e)) {
        (void)snprintf(why, CERTIFICATES_WHY_BYTES, "%s: %.200s: %s", name, path,
                       words_of(e, reason));
    }
    return e;
}

/* One pair more, unless none is set. */
static err_t read_pair(struct files *f, const char *cert_path, const char *key_path,
                       const char *const names[2], char why[CERTIFICATES_WHY_BYTES])
{
    if (cert_path[0] == '\0') {
        return ERR_OK;
    }
    struct tls_pair *pair = &f->pair[f->pairs];
    TRY(read_cert(names[0], cert_path, &f->cert[f->pairs], why));
    TRY(key_file_read_shared(names[1], key_path, &pair->key, f->key[f->pairs],
                             sizeof f->key[f->pairs], why));
    pair->cert = buf_span(&f->cert[f->pairs]);
    pair->cert_name = names[0];
    pair->key_name = names[1];
    f->pairs += 1;
    return ERR_OK;
}

static err_t load(const struct settings *s, struct tls_server *tls, struct files *f,
                  char why[CERTIFICATES_WHY_BYTES])
{
    static const char *const first[] = {"TLS_CERT_FILE", "TLS_KEY_FILE"};
    static const char *const second[] = {"TLS_CERT_FILE_2", "TLS_KEY_FILE_2"};
    TRY(read_pair(f, s->tls_cert_file, s->tls_key_file, first, why));
    TRY(read_pair(f, s->tls_cert_file_2, s->tls_key_file_2, second, why));
    return tls_server_load(tls, f->pair, f->pairs, why);
}

err_t certificates_load(const struct settings *s, struct tls_server *tls,
                        char why[CERTIFICATES_WHY_BYTES])
{
    struct files *f = calloc(1, sizeof *f); /* large */
    if (f == NULL) {
        (void)snprintf(why, CERTIFICATES_WHY_BYTES, "out of memory for certificates");
        return err_new(ERR_NOMEM);
    }
    const err_t e = load(s, tls, f, why);
    wipe_files(f);
    free(f);
    return e;
}

bool certificates_end_words(const struct settings *s, struct tls_server *tls,
                            const struct clock *clock, char words[CERTIFICATES_WORDS_BYTES])
{
    const wall_t end = tls_server_not_after(tls);
    const int64_t left_ms = end.ms - clock_wall(clock).ms;
    const bool second = tls_server_ends_first(tls) == 1;
    char day[TIME_TEXT_SIZE];
    if (left_ms >= (int64_t)WARN_DAYS * DAY_MS) {
        return false;
    }
    time_print(end, day);
    (void)snprintf(words, CERTIFICATES_WORDS_BYTES, "%s=%s: the certificate %s on %.10s%s",
                   second ? "TLS_CERT_FILE_2" : "TLS_CERT_FILE",
                   second ? s->tls_cert_file_2 : s->tls_cert_file, left_ms < 0 ? "ended" : "ends",
                   day, left_ms < 0 ? "; it is served, and clients refuse it" : "");
    return true;
}

void certificates_note_end(struct tls_server *tls, struct log *log, const struct clock *clock)
{
    const int64_t left_ms = tls_server_not_after(tls).ms - clock_wall(clock).ms;
    if (left_ms < 0) {
        log_event(log, LOG_ERROR, "tls.certificate_has_ended",
                  FIELD_INT("days_ago", -left_ms / DAY_MS));
    } else if (left_ms < (int64_t)WARN_DAYS * DAY_MS) {
        log_event(log, LOG_WARN, "tls.certificate_ends", FIELD_INT("days", left_ms / DAY_MS));
    } else {
        log_event(log, LOG_INFO, "tls.certificate", FIELD_INT("days", left_ms / DAY_MS));
    }
}
