/* evaluate_words.c - what canara evaluate says when it cannot go on. */
#include "app/cli/command.h"
#include "app/evaluate/evaluate.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int evaluate_wrong(const char *about, const char *what)
{
    (void)fprintf(stderr, "canara evaluate: %s: %s (see canara evaluate --help)\n", about, what);
    return EXIT_CODE_USAGE;
}

int evaluate_broken(const char *about, const char *what)
{
    (void)fprintf(stderr, "canara evaluate: %s: %s\n", about, what);
    return EXIT_CODE_FAILED;
}

const char *evaluate_words(err_t e, char words[96])
{
    if (e.code == ERR_IO) {
        return strerror_r(errno, words, 96);
    }
    return e.code == ERR_NOMEM   ? "the memory is used up"
           : e.code == ERR_LIMIT ? "a limit of size was reached"
                                 : "an inner error";
}
