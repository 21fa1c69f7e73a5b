/* canara accept-loss: goes on with a journal that has lost what was durable once, closed. */
#include "app/cli/command.h"
#include "app/cli/options.h"
#include "app/house/house.h"
#include "app/operate/at_rest.h"
#include "app/operate/operate_commands.h"
#include "app/settings/settings.h"
#include "base/fd.h"
#include "base/util.h"
#include "domain/accounts/journal_loss.h"
#include "domain/ground/audit.h"
#include "domain/sessions/recovery_checkpoint.h"
#include "journal/view_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int complain(const char *what)
{
    (void)fprintf(stderr, "canara accept-loss: %s\n", what);
    return EXIT_CODE_FAILED;
}

/* Set a proof aside: it may still tell somebody what is missing. */
static bool set_aside(int dir, const char *name)
{
    char to[64];
    (void)snprintf(to, sizeof to, "%s.lost", name);
    return renameat(dir, name, dir, to) == 0 || errno == ENOENT;
}

/* From now on the buffer files go on behind what the journal has. Those of before stay as they are, and
 * their sessions have ended. */
static bool move_place(const struct house *h)
{
    CLEANUP(fd_close) int dir = -1;
    return !failed(view_dir_open(h->view_dir, &dir)) &&
           !failed(view_place_write(dir, journal_committed(h->service.journal)));
}

static int give_up(struct house *h)
{
    uint64_t ended = 0;
    if (failed(audit_new(h->service.keys, h->clock, &h->service.audit))) {
        return complain("out of memory");
    }
    h->service.clock = h->clock;
    const bool fits =
        at_rest_fits("canara accept-loss", h->service.store, h->service.keys, h->service.audit);
    const err_t e = fits ? journal_loss_accept(&h->service, &ended) : ERR_OK;
    audit_free(&h->service.audit);
    if (!fits) {
        return EXIT_CODE_FAILED;
    }
    if (failed(e)) {
        return complain("the database refused; nothing else was changed");
    }
    CLEANUP(fd_close)
    int dir = open(h->settings->data_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0 || !move_place(h) || !set_aside(dir, CHECKPOINT_NAME) ||
        !set_aside(dir, CHECKPOINT_OLD_NAME) || fsync(dir) != 0) {
        return complain("DATA_DIR cannot be written; run it again");
    }
    (void)printf("%" PRIu64
                 " sessions ended; their customers are asked for the MPIN at the next login\n"
                 "the journal goes on with frame %" PRIu64 "; what it lacks is lost\n",
                 ended, journal_committed(h->service.journal));
    return EXIT_CODE_DONE;
}

/* First as a start would: what is whole is not given up. */
static int look_and_give_up(struct house *h, const struct settings *s)
{
    const err_t whole = house_up_data(h, s, clock_system());
    const bool is_short = h->journal_is_short;
    if (!failed(whole)) {
        house_down(h);
        (void)printf("the journal holds all that was durable; nothing was changed\n");
        return EXIT_CODE_DONE;
    }
    if (!is_short) {
        return complain(h->why);
    }
    *h = (struct house){.accept_loss = true};
    if (failed(house_up_data(h, s, clock_system()))) {
        return complain(h->why);
    }
    const int code = give_up(h);
    house_down(h);
    return code;
}

int cmd_accept_loss(int argc, char **argv)
{
    struct option_sets sets = {0};
    const struct option options[] = {
        {.name = "set",
         .operand = "NAME=VALUE",
         .help = "a setting that wins over all others; may come again",
         .kind = OPTION_SET,
         .into = &sets},
    };
    const struct option_spec spec = {
        .command = "canara accept-loss",
        .about =
            "For a server that does not start because its journal ends before what a checkpoint or\n"
            "the buffer files have seen: end all sessions, have the next login of their customers\n"
            "ask for the MPIN, and let the journal go on where it ends. Restore what is missing\n"
            "instead, if it is anywhere. Settings are read as serve reads them; the server must be\n"
            "down.",
        .option = options,
        .options = ARRAY_LEN(options),
    };
    const enum option_answer answer = options_read(&spec, argc, argv, &(struct option_words){0});
    if (answer != OPTIONS_OK) {
        return answer == OPTIONS_HELP ? EXIT_CODE_DONE : EXIT_CODE_USAGE;
    }
    CLEANUP(settings_wipe) struct settings s = {0};
    if (failed(settings_load_and_say("canara accept-loss", &sets, &s))) {
        return EXIT_CODE_FAILED;
    }
    struct house *h = calloc(1, sizeof *h);
    if (h == NULL) {
        return complain("out of memory");
    }
    const int code = look_and_give_up(h, &s);
    free(h);
    return code;
}
