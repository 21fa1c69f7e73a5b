/* canara demo: a play in four acts against a server, that says what should happen and whether it
 * does. */
#include "app/cli/client_wire.h"
#include "app/cli/command.h"
#include "app/cli/options.h"
#include "app/cli/stop_signal.h"
#include "app/demo/demo.h"
#include "app/demo/demo_child.h"
#include "app/demo/demo_commands.h"
#include "base/util.h"

#include <string.h>

struct demo_options {
    const char *url;
    bool self_contained, fast;
    int64_t seed;
};

static err_t play(struct demo *d)
{
    TRY(demo_owner(d));
    if (d->owner.token[0] == '\0') {
        return ERR_OK; /* has been told */
    }
    TRY(demo_bot(d));
    TRY(demo_rhythm(d));
    return demo_thief(d);
}

static int perform(const char *url, int stop_fd, const struct demo_options *o)
{
    struct demo d = {.fast = o->fast, .seed = (uint64_t)o->seed};
    if (failed(client_init(&d.client, url))) {
        (void)fprintf(stderr, "canara demo: %s\n", d.client.why);
        return EXIT_CODE_USAGE;
    }
    d.client.stop_fd = stop_fd;
    rng_seed(&d.rng, d.seed);
    stage_init(&d.stage, stdout);
    client_socket_init(&d.owner_socket, &d.client);
    stage_say(&d.stage, "canara demo, server %s, seed %lld", url, (long long)o->seed);

    const err_t e = play(&d);
    if (failed(e)) {
        stage_broken(&d.stage, d.client.why[0] == '\0' ? "out of memory" : d.client.why);
    }
    if (d.stage.failed != 0 && !o->self_contained) {
        stage_say(&d.stage,
                  "a server that has seen seed %lld before takes it for a replay: name another "
                  "--seed",
                  (long long)o->seed);
    }
    stage_end(&d.stage);
    client_socket_deinit(&d.owner_socket);
    customer_wipe(&d.owner);
    return d.stage.failed == 0 ? EXIT_CODE_DONE : EXIT_CODE_FAILED;
}

static int perform_self_contained(int stop_fd, const struct demo_options *o)
{
    struct client c;
    struct demo_child child = {.out = -1};
    MUST(!failed(client_init(&c, "http://127.0.0.1")));
    c.stop_fd = stop_fd;
    if (failed(demo_child_start(&child, &c))) {
        (void)fprintf(stderr, "canara demo: %s\n", c.why);
        return EXIT_CODE_FAILED;
    }
    const int code = perform(child.url, stop_fd, o);
    demo_child_stop(&child);
    if (child.exit_code != 0) {
        (void)fprintf(stderr, "canara demo: the server ended with %d\n", child.exit_code);
        return EXIT_CODE_FAILED;
    }
    return code;
}

int cmd_demo(int argc, char **argv)
{
    struct demo_options o = {.seed = 1};
    const struct option options[] = {
        {.name = "url",
         .operand = "URL",
         .help = "the server (http://127.0.0.1:8000)",
         .kind = OPTION_TEXT,
         .into = &o.url},
        {.name = "self-contained",
         .help = "start a server for it, in a folder that is removed afterwards",
         .kind = OPTION_FLAG,
         .into = &o.self_contained},
        {.name = "fast",
         .help = "do not wait between events: a few seconds, not a minute",
         .kind = OPTION_FLAG,
         .into = &o.fast},
        {.name = "seed",
         .operand = "N",
         .help = "another owner, another script (1)",
         .kind = OPTION_NUMBER,
         .into = &o.seed,
         .low = 0,
         .high = INT64_MAX},
    };
    const struct option_spec spec = {
        .command = "canara demo",
        .about =
            "Play four acts against a server: an owner who is left in peace, a script that is\n"
            "challenged and blocked, a thief with the right password who is known by the way he\n"
            "types it, a thief with a token who ends up locked out. Says of each step\n"
            "whether it went as it should; leaves with 0 only if all did. Needs a server with\n"
            "the default thresholds; with DEBUG=True it also shows the evidence. A second run\n"
            "against the same server takes another --seed: what it has seen it takes for a replay.",
        .option = options,
        .options = ARRAY_LEN(options),
    };
    switch (options_read(&spec, argc, argv, NULL)) {
    case OPTIONS_HELP: return EXIT_CODE_DONE;
    case OPTIONS_FAULT: return EXIT_CODE_USAGE;
    case OPTIONS_OK: break;
    }
    if (o.self_contained && o.url != NULL) {
        (void)fprintf(stderr, "canara demo: --url and --self-contained exclude each other\n");
        return EXIT_CODE_USAGE;
    }

    CLEANUP(wire_close) int stop_fd = -1;
    if (failed(stop_signal_open(&stop_fd))) {
        (void)fprintf(stderr, "canara demo: signals cannot be watched\n");
        return EXIT_CODE_FAILED;
    }
    return o.self_contained ? perform_self_contained(stop_fd, &o)
                            : perform(o.url == NULL ? "http://127.0.0.1:8000" : o.url, stop_fd, &o);
}
