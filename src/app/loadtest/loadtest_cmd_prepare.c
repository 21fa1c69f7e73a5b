#include "app/cli/command.h"
#include "app/cli/options.h"
#include "app/loadtest/loadtest.h"
#include "app/loadtest/loadtest_prepare.h"
#include "base/clock.h"
#include "base/util.h"

#include <stdio.h>
#include <unistd.h>

enum { TOKENS_DEFAULT = 100000, HOURS_DEFAULT = 12, HOURS_MAX = 720, UNSET = -1 };

static int wrong(const char *what, const char *why)
{
    (void)fprintf(stderr, "canara loadtest prepare: %s: %s (see --help)\n", what, why);
    return EXIT_CODE_USAGE;
}

static int run(struct prepare *p)
{
    char why[PREPARE_WHY_BYTES];
    const mono_t begin = clock_mono(clock_system());
    if (failed(loadtest_prepare(p, why))) {
        (void)fprintf(stderr, "canara loadtest prepare: %s\n", why);
        return EXIT_CODE_FAILED;
    }
    const double s = (double)(clock_mono(clock_system()).ns - begin.ns) / (double)NS_PER_S;
    (void)printf("%s: %lld accounts, %lld of them learnt, %lld can log in; %lld live sessions; "
                 "%.1f s\n",
                 p->dir, (long long)p->accounts, (long long)p->learnt, (long long)p->logins,
                 (long long)p->sessions, s);
    (void)printf("next: canara serve --set DEBUG=True --set DATA_DIR=%s\n"
                 "      canara loadtest run --tokens %s/tokens http://127.0.0.1:8000\n",
                 p->dir, p->dir);
    return EXIT_CODE_DONE;
}

int loadtest_cmd_prepare(int argc, char **argv)
{
    struct prepare p = {.accounts = 1000,
                        .sessions = UNSET,
                        .learnt = UNSET,
                        .tokens = TOKENS_DEFAULT,
                        .hours = HOURS_DEFAULT};
    /* clang-format off */
    const struct option options[] = {
        {"accounts", "N", "customers (1000), up to 2000000", OPTION_NUMBER, &p.accounts, 1, PREPARE_ACCOUNTS_MAX},
        {"sessions", "M", "live sessions, spread over the accounts (one each), at most 64 each", OPTION_NUMBER, &p.sessions, 0, PREPARE_SESSIONS_MAX},
        {"learnt",   "L", "of the accounts, the first L are known by their rhythm (all)", OPTION_NUMBER, &p.learnt, 0, PREPARE_ACCOUNTS_MAX},
        {"logins",   "K", "the MPIN of the first K, and the password of K accounts more, are told (0); 40 ms each, up to 10000", OPTION_NUMBER, &p.logins, 0, PREPARE_LOGINS_MAX},
        {"tokens",   "T", "the tokens file names the first T sessions (100000)", OPTION_NUMBER, &p.tokens, 0, PREPARE_SESSIONS_MAX},
        {"hours",    "H", "SESSION_MAX_HOURS of the sessions (12), up to 720", OPTION_NUMBER, &p.hours, 1, HOURS_MAX},
    };
    /* clang-format on */
    const struct option_spec spec = {
        .command = "canara loadtest prepare",
        .usage = "DIR",
        .about = "Make DIR, which must not exist or be empty: a data directory with keys of its\n"
                 "own, accounts, learnt rhythms and live sessions, and DIR/tokens (0600), from\n"
                 "which `canara loadtest run` plays them. Never adds to a directory.",
        .option = options,
        .options = ARRAY_LEN(options),
        .words_min = 1,
        .words_max = 1,
    };
    struct option_words words = {0};
    switch (options_read(&spec, argc, argv, &words)) {
    case OPTIONS_HELP: return EXIT_CODE_DONE;
    case OPTIONS_FAULT: return EXIT_CODE_USAGE;
    case OPTIONS_OK: break;
    }
    p.dir = words.word[0];
    p.sessions = p.sessions == UNSET ? p.accounts : p.sessions;
    p.learnt = p.learnt == UNSET ? p.accounts : p.learnt;
    p.progress = isatty(STDERR_FILENO) == 1;
    if (p.sessions > p.accounts * PREPARE_PER_ACCOUNT_MAX) {
        return wrong("--sessions", "at most 64 of one account");
    }
    if (p.learnt > p.accounts || p.logins > p.accounts) {
        return wrong("--learnt, --logins", "there are not so many accounts");
    }
    return run(&p);
}
