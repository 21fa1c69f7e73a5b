/*
 * certificates.h - certificates and keys from the files that the settings name.
 *
 * Floor      app/house
 * Ownership  borrows settings and server; keys are wiped before the call returns.
 * Errors     one line in `why`: what an operator must mend. What was served goes on being served.
 * Threads    any, one at a time for a server (a reload by signal and one by hand may meet: the later
 *            one wins).
 */
#ifndef APP_CERTIFICATES_H
#define APP_CERTIFICATES_H

#include "app/settings/settings.h"
#include "base/log.h"
#include "net/tls.h"

enum { CERTIFICATES_WHY_BYTES = 512, CERTIFICATES_WORDS_BYTES = SETTING_PATH_BYTES + 128 };

/* Read the pairs of files, and serve them from the next connection on. */
NODISCARD err_t certificates_load(const struct settings *s, struct tls_server *tls,
                                  char why[CERTIFICATES_WHY_BYTES]);

/* Words about the first of them to end, with its setting, its file and the day, if it has ended or will within two
 * weeks; false: it has longer. */
bool certificates_end_words(const struct settings *s, struct tls_server *tls,
                            const struct clock *clock, char words[CERTIFICATES_WORDS_BYTES]);

/* A line in the log when the first of them has ended, or will within two weeks. */
void certificates_note_end(struct tls_server *tls, struct log *log, const struct clock *clock);

#endif
