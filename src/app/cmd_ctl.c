/* canara ctl: speaks to a running server through its control socket. */
#include "app/commands.h"
#include "app/ctl.h"
#include "app/unix_client.h"

#include <stdio.h>

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

int cmd_ctl(int argc, char **argv)
{
    struct ctl_order order = {0};
    const enum option_answer parsed = ctl_parse(argc, argv, &order);
    if (parsed != OPTIONS_OK) {
        return parsed == OPTIONS_HELP ? EXIT_CODE_DONE : EXIT_CODE_USAGE;
    }
    char path[CTL_PATH_BYTES];
    if (!ctl_socket(order.data_dir, path)) {
        return EXIT_CODE_FAILED;
    }
    char why[UNIX_WHY_BYTES] = "";
    CLEANUP(unix_answer_deinit) struct unix_answer answer;
    unix_answer_init(&answer);
    const struct unix_request request = {.path = path,
                                         .method = ctl_method(&order),
                                         .target = ctl_target(&order),
                                         .body = {(const uint8_t *)order.body, order.body_len}};
    if (unix_ask(&request, &answer, why) != UNIX_ANSWERED) {
        (void)fprintf(stderr, "canara ctl: %s\n", why);
        return EXIT_CODE_FAILED;
    }
    return show(&order, &answer);
}
