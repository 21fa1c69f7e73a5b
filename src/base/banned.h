/*
 * banned.h - functions of the C library that this house does not use: naming one fails to compile.
 *
 * Floor      base
 * Source     the idea and most of the list: git's banned.h.
 *
 * The headers that declare them come first, so that only later uses count. rand() is left to
 * clang-tidy (cert-msc30-c), since OpenSSL's headers name parameters so. Secrets are compared with
 * ct_equal(), never with memcmp(): that no compiler sees.
 */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* No bound on what they write, or a bound and no NUL: snprintf, memcpy with a length, buf. */
#undef sprintf /* clang with _FORTIFY_SOURCE has them as macros */
#undef vsprintf
#pragma GCC poison strcpy strcat sprintf vsprintf strncpy gets
/* Hidden state that threads share: cursors over spans, strtok_r, the _r forms. */
#pragma GCC poison strtok gmtime localtime ctime asctime srand
/* A failure that looks like a number; names that another process may take first. */
#pragma GCC poison atoi atol atof tmpnam mktemp

#endif
