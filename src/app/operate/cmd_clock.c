/* canara clock: what a start would say of this machine's time, and an operator's word that it is right. */
#include "app/cli/command.h"
#include "app/cli/options.h"
#include "app/operate/at_rest.h"
#include "app/operate/operate_commands.h"
#include "base/fd.h"
#include "base/util.h"
#include "codec/time_text.h"
#include "crypto/secret.h"
#include "domain/ground/clock_guard.h"
#include "store/store_lock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char command[] = "canara clock";

struct order {
    struct option_sets sets;
    const char *data_dir;
};

static void say_time(const char *what, wall_t time)
{
    char text[TIME_TEXT_SIZE];
    time_print(time, text);
    (void)printf("%s%s\n", what, text);
}

static int show(const struct settings *s)
{
    CLEANUP(store_close) struct store *store = NULL;
    steady_record_t r = {0};
    const wall_t now = clock_wall(clock_system());
    if (failed(at_rest_store(command, s, true, &store))) {
        return EXIT_CODE_FAILED;
    }
    if (failed(clock_guard_load(store, &r))) {
        return at_rest_complain(command, "the database could not be read");
    }
    say_time("this machine    ", now);
    if (!r.known) {
        (void)printf("on record       none yet\n");
        return EXIT_CODE_DONE;
    }
    say_time("on record       ", r.newest);
    const int64_t behind_s = (r.newest.ms - now.ms) / MS_PER_S;
    if (now.ms < r.newest.ms - STEADY_BACK_MS) {
        (void)printf("a start is refused: the machine is %" PRId64
                     " s behind. Set its clock; if it is "
                     "right: canara clock accept\n",
                     behind_s);
        return EXIT_CODE_FAILED;
    }
    if (now.ms - r.newest.ms > STEADY_GAP_MS) {
        (void)printf("a start believes the time after %d minutes: nothing is deleted before\n",
                     STEADY_FOR_MS / 60000);
    }
    return EXIT_CODE_DONE;
}

/* Not beside a server: it would write back what it knows. */
static bool is_down(const struct settings *s, int *lock)
{
    char why[STORE_WHY_BYTES] = "";
    const struct store_config config = {.url = s->database_url, .data_dir = s->data_dir};
    const err_t e = store_lock_take(&config, lock, why);
    if (e.code == ERR_LIMIT) {
        (void)at_rest_complain(command, "a server runs on this database: canara ctl accept-clock");
    } else if (failed(e)) {
        (void)at_rest_complain(command, why);
    }
    return !failed(e);
}

static int accept_now(const struct settings *s)
{
    CLEANUP(fd_close) int lock = -1;
    CLEANUP(keyring_close) struct keyring *keys = NULL;
    CLEANUP(audit_free) struct audit *audit = NULL;
    CLEANUP(store_close) struct store *store = NULL;
    const wall_t now = clock_wall(clock_system());
    if (!is_down(s, &lock) || failed(crypto_start()) ||
        failed(at_rest_audit(command, s, &keys, &audit)) ||
        failed(at_rest_store(command, s, false, &store)) ||
        !at_rest_fits(command, store, keys, audit)) {
        return EXIT_CODE_FAILED;
    }
    if (failed(clock_guard_record(store, audit, now))) {
        return at_rest_complain(command, "the database could not be written");
    }
    say_time("on record       ", now);
    return EXIT_CODE_DONE;
}

/* ---- the command ---- */

static enum option_answer read_order(int argc, char **argv, struct order *o,
                                     struct option_words *words)
{
    const struct option options[] = {
        {.name = "data-dir",
         .operand = "DIR",
         .help = "the same as --set DATA_DIR=DIR",
         .kind = OPTION_TEXT,
         .into = &o->data_dir},
        {.name = "set",
         .operand = "NAME=VALUE",
         .help = "a setting that wins over all others; may come again",
         .kind = OPTION_SET,
         .into = &o->sets},
    };
    const struct option_spec spec = {
        .command = command,
        .usage = "show | accept",
        .about =
            "show     what a start would say of this machine's time: the newest time that a server\n"
            "         could vouch for is on record, and a start more than a minute before it is\n"
            "         refused (exit status 1)\n"
            "accept   put this machine's time on record, also when that goes back, with an entry in\n"
            "         the audit. Look at the clock first: what had expired by the time on record\n"
            "         may be good again by the one you accept.\n\n"
            "For a server that is down; one that runs is told with: canara ctl accept-clock.\n"
            "Settings are read as serve reads them.",
        .option = options,
        .options = ARRAY_LEN(options),
        .words_min = 1,
        .words_max = 1,
    };
    return options_read(&spec, argc, argv, words);
}

int cmd_clock(int argc, char **argv)
{
    struct order o = {0};
    struct option_words words = {0};
    char data_dir[AT_REST_OPTION_BYTES];
    const enum option_answer answer = read_order(argc, argv, &o, &words);
    if (answer != OPTIONS_OK) {
        return answer == OPTIONS_HELP ? EXIT_CODE_DONE : EXIT_CODE_USAGE;
    }
    const bool accepts = strcmp(words.word[0], "accept") == 0;
    if (!accepts && strcmp(words.word[0], "show") != 0) {
        (void)fprintf(stderr, "%s: %.32s: must be show or accept\n", command, words.word[0]);
        return EXIT_CODE_USAGE;
    }
    if (!at_rest_data_dir(&o.sets, o.data_dir, data_dir)) {
        (void)fprintf(stderr, "%s: --data-dir: is too long\n", command);
        return EXIT_CODE_USAGE;
    }
    CLEANUP(settings_wipe) struct settings s = {0};
    if (failed(settings_load_and_say(command, &o.sets, &s)) || !at_rest_is_there(command, &s)) {
        return EXIT_CODE_FAILED;
    }
    return accepts ? accept_now(&s) : show(&s);
}
