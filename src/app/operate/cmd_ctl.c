/* canara ctl: speaks to a running server through its control socket. */
#include "app/cli/command.h"
#include "app/cli/secret_line.h"
#include "app/cli/unix_client.h"
#include "app/operate/ctl.h"
#include "app/operate/operate_commands.h"
#include "crypto/secret.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int show(const struct ctl_order *order, const struct unix_answer *answer)
{
    const bool good = answer->status >= 200 && answer->status < 300;
    if (order->json) {
        (void)printf("%.*s\n", (int)answer->body.len, (const char *)answer->body.ptr);
        return good ? EXIT_CODE_DONE : EXIT_CODE_FAILED;
    }
    struct json *tree = NULL;
    if (failed(json_parse(buf_span(&answer->body), &tree, NULL)) && good) {
        (void)fprintf(stderr, "canara ctl: the answer is not JSON\n");
        return EXIT_CODE_FAILED;
    }
    if (good) {
        ctl_print(stdout, order, tree);
    } else {
        ctl_print_problem(stderr, answer->status, tree);
    }
    json_free(&tree);
    return good ? EXIT_CODE_DONE : EXIT_CODE_FAILED;
}

/* Kept out of core dumps, and wiped: an order may hold a secret. */
struct order_room {
    struct ctl_order order;
    struct secret_line typed;
};

static bool say_unread(const char *what, enum secret_answer answer)
{
    char room[96];
    switch (answer) {
    case SECRET_READ: return true;
    case SECRET_NONE: (void)fprintf(stderr, "canara ctl: no %s was given\n", what); break;
    case SECRET_LONG:
        (void)fprintf(stderr, "canara ctl: the %s is longer than %d bytes\n", what,
                      SECRET_LINE_BYTES);
        break;
    case SECRET_UNLIKE:
        (void)fprintf(stderr, "canara ctl: the two are not the same; nothing has changed\n");
        break;
    case SECRET_BROKEN:
        (void)fprintf(stderr, "canara ctl: the %s cannot be read: %s\n", what,
                      strerror_r(errno, room, sizeof room));
        break;
    }
    return false;
}

/* Never from argv or the environment, which others can see. */
static bool take_secret(struct order_room *room)
{
    const char *const what = ctl_secret(&room->order);
    char prompt[32];
    if (what == NULL) {
        return true;
    }
    (void)snprintf(prompt, sizeof prompt, "New %s", what);
    const enum secret_answer answer =
        secret_line_ask(STDIN_FILENO, STDERR_FILENO, prompt, &room->typed);
    return say_unread(what, answer) &&
           ctl_give_secret(&room->order,
                           (span_t){(const uint8_t *)room->typed.text, room->typed.len});
}

/* Stopped, or so busy that it looks like it: nobody should wonder for UNIX_WAIT_S. */
static void say_waiting(void)
{
    (void)fprintf(stderr, "canara ctl: waiting for the server\n");
}

static int ask(struct order_room *room)
{
    char path[CTL_PATH_BYTES];
    char why[UNIX_WHY_BYTES] = "";
    const struct ctl_order *const order = &room->order;
    if (!ctl_socket(order->data_dir, path) || !take_secret(room)) {
        return EXIT_CODE_FAILED;
    }
    CLEANUP(unix_answer_deinit) struct unix_answer answer;
    unix_answer_init(&answer);
    const struct unix_request request = {.path = path,
                                         .method = ctl_method(order),
                                         .target = ctl_target(order),
                                         .body = {(const uint8_t *)order->body, order->body_len},
                                         .waits = isatty(STDERR_FILENO) ? say_waiting : NULL};
    if (unix_ask(&request, &answer, why) != UNIX_ANSWERED) {
        (void)fprintf(stderr, "canara ctl: %s\n", why);
        return EXIT_CODE_FAILED;
    }
    return show(order, &answer);
}

int cmd_ctl(int argc, char **argv)
{
    CLEANUP(key_memory_free) void *memory = NULL;
    if (failed(crypto_start()) || failed(key_memory_new(sizeof(struct order_room), &memory))) {
        (void)fprintf(stderr, "canara ctl: out of memory\n");
        return EXIT_CODE_FAILED;
    }
    struct order_room *const room = memory;
    const enum option_answer parsed = ctl_parse(argc, argv, &room->order);
    if (parsed != OPTIONS_OK) {
        return parsed == OPTIONS_HELP ? EXIT_CODE_DONE : EXIT_CODE_USAGE;
    }
    return ask(room);
}
