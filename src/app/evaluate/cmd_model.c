/* canara model: what a model file holds. */
#include "app/cli/command.h"
#include "app/cli/options.h"
#include "app/evaluate/evaluate_commands.h"
#include "app/evaluate/model_bytes.h"
#include "lab/people/model_about.h"

#include <stdio.h>

enum { MODEL_MAX = 64 * 1024 * 1024 };

static int show(const char *path)
{
    CLEANUP(buf_deinit) struct buf bytes;
    CLEANUP(buf_deinit) struct buf text;
    CLEANUP(canara_model_close) struct canara_model *model = NULL;
    buf_init(&bytes, MODEL_MAX);
    buf_init(&text, MODEL_MAX);
    if (failed(model_bytes_open("canara model", path, &bytes, &model))) {
        return EXIT_CODE_FAILED;
    }
    if (failed(model_about(model, NULL, &text))) {
        (void)fprintf(stderr, "canara model: the memory is used up\n");
        return EXIT_CODE_FAILED;
    }
    (void)fwrite(text.ptr, 1, text.len, stdout);
    return EXIT_CODE_DONE;
}

int cmd_model(int argc, char **argv)
{
    const struct option_spec spec = {
        .command = "canara model",
        .usage = "[FILE]",
        .about =
            "Check a model that canara train has made, and print its label, checksum and what\n"
            "it knows; without a FILE, of the one that comes with the program.",
        .words_max = 1,
    };
    struct option_words words = {0};
    const enum option_answer answer = options_read(&spec, argc, argv, &words);
    if (answer != OPTIONS_OK) {
        return answer == OPTIONS_HELP ? EXIT_CODE_DONE : EXIT_CODE_USAGE;
    }
    return show(words.count == 0 ? NULL : words.word[0]);
}
