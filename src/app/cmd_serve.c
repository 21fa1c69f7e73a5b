/* canara serve: the server itself. */
#include "app/commands.h"
#include "app/house.h"
#include "app/notify.h"
#include "app/options.h"
#include "app/settings.h"
#include "base/util.h"
#include "net/loop.h"
#include "net/signals.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct main_loop {
    struct loop loop;
    struct signals signals;
    struct watch drain;
    struct house *house;
    bool stop;
};

static void on_signal(struct signals *signals, int number)
{
    struct main_loop *m = CONTAINER_OF(signals, struct main_loop, signals);
    if (number == SIGHUP) {
        char why[COURIER_WHY_BYTES];
        (void)failed(m->house->api.courier->reload(m->house->api.courier, why)); /* it is logged */
        return;
    }
    log_event(m->house->log, LOG_NOTICE, "server.stopping", FIELD_INT("signal", number));
    m->stop = true;
}

static void on_drain(struct watch *watch, uint32_t events)
{
    (void)events;
    struct main_loop *m = CONTAINER_OF(watch, struct main_loop, drain);
    log_event(m->house->log, LOG_NOTICE, "server.stopping", FIELD_TEXT("by", "operator"));
    m->stop = true;
}

static err_t wait_for_the_end(struct main_loop *m)
{
    m->drain = (struct watch){
        .fd = server_drain_fd(m->house->server), .events = EPOLLIN, .ready = on_drain};
    TRY(loop_watch(&m->loop, &m->drain));
    while (!m->stop) {
        TRY(loop_run_once(&m->loop, -1));
    }
    return ERR_OK;
}

/* Where to look, for a person or a script: one line each, at once. */
static void print_addresses(const struct settings *s, uint16_t port)
{
    const bool v6 = strchr(s->host, ':') != NULL;
    char base[SETTING_WORD_BYTES + 32];
    (void)snprintf(base, sizeof base, v6 ? "%s://[%s]:%u" : "%s://%s:%u",
                   settings_have_tls(s) ? "https" : "http", s->host, (unsigned)port);
    (void)printf("listening on %s\n", base);
    (void)printf("  documentation  %s/docs\n", base);
    (void)printf("  health         %s/health\n", base);
    (void)printf("  metrics        %s/metrics\n", base);
    (void)printf("  data           %s\n", s->data_dir);
    (void)fflush(stdout);
}

static int serve(const struct settings *s)
{
    struct main_loop m = {0};
    struct house *h = calloc(1, sizeof *h);
    if (h == NULL) {
        (void)fprintf(stderr, "canara serve: out of memory\n");
        return EXIT_CODE_FAILED;
    }
    m.house = h;
    /* Signals first: threads that are started later inherit the blocked mask. */
    if (failed(loop_init(&m.loop, clock_system())) ||
        failed(signals_init(&m.signals, &m.loop, on_signal))) {
        (void)fprintf(stderr, "canara serve: signals cannot be watched\n");
        free(h);
        return EXIT_CODE_FAILED;
    }

    int code = EXIT_CODE_FAILED;
    if (failed(house_up(h, s, clock_system()))) {
        (void)fprintf(stderr, "canara serve: %s\n", h->why);
    } else {
        print_addresses(s, server_port(h->server));
        notify_manager("READY=1");
        const err_t ended = wait_for_the_end(&m);
        notify_manager("STOPPING=1");
        const bool lost = journal_state_of(h->service.journal) == JOURNAL_FAILED;
        if (lost) {
            (void)fprintf(stderr, "canara serve: the journal could not be written; what was "
                                  "acknowledged is safe, start again to recover\n");
        }
        house_down(h);
        code = failed(ended) || lost ? EXIT_CODE_FAILED : EXIT_CODE_DONE;
    }
    signals_deinit(&m.signals);
    loop_deinit(&m.loop);
    free(h);
    return code;
}

int cmd_serve(int argc, char **argv)
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
        .command = "canara serve",
        .about =
            "Run the server until SIGTERM or `canara ctl drain`. Settings come from --set, the\n"
            "environment and a .env file in the working directory; canara check-config\n"
            "prints them, docs/configuration.md explains them.",
        .option = options,
        .options = ARRAY_LEN(options),
    };
    struct option_words words = {0};
    switch (options_read(&spec, argc, argv, &words)) {
    case OPTIONS_HELP: return EXIT_CODE_DONE;
    case OPTIONS_FAULT: return EXIT_CODE_USAGE;
    case OPTIONS_OK: break;
    }

    CLEANUP(settings_wipe) struct settings settings = {0};
    if (failed(settings_load_and_say("canara serve", &sets, &settings))) {
        return EXIT_CODE_FAILED;
    }
    return serve(&settings);
}
