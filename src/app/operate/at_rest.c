#include "app/operate/at_rest.h"

#include "app/cli/command.h"
#include "domain/ground/pepper_guard.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool at_rest_data_dir(struct option_sets *sets, const char *dir, char text[AT_REST_OPTION_BYTES])
{
    if (dir == NULL) {
        return true;
    }
    const int n = snprintf(text, AT_REST_OPTION_BYTES, "DATA_DIR=%s", dir);
    if (n < 0 || (size_t)n >= AT_REST_OPTION_BYTES || sets->count == OPTIONS_SETS_MAX) {
        return false;
    }
    sets->value[sets->count++] = text;
    return true;
}

int at_rest_complain(const char *command, const char *what)
{
    (void)fprintf(stderr, "%s: %s\n", command, what);
    return EXIT_CODE_FAILED;
}

bool at_rest_is_there(const char *command, const struct settings *s)
{
    char pepper[SETTING_PATH_BYTES + 16];
    char room[96];
    if (access(s->database_path, R_OK) != 0) {
        (void)fprintf(stderr, "%s: %s: %s\n", command, s->database_path,
                      strerror_r(errno, room, sizeof room));
        return false;
    }
    (void)snprintf(pepper, sizeof pepper, "%s/pepper", s->data_dir);
    if (s->pepper_file[0] == '\0' && access(pepper, R_OK) != 0) {
        (void)fprintf(stderr, "%s: %s: %s; without its pepper nothing can be verified\n", command,
                      pepper, strerror_r(errno, room, sizeof room));
        return false;
    }
    return true;
}

err_t at_rest_store(const char *command, const struct settings *s, bool look, struct store **out)
{
    char why[STORE_WHY_BYTES] = "";
    const struct store_config config = {
        .url = s->database_url, .data_dir = s->data_dir, .look = look, .clock = clock_system()};
    const err_t opened = store_open(&config, out, why);
    if (failed(opened)) {
        (void)at_rest_complain(command, why);
    }
    return opened;
}

err_t at_rest_audit(const char *command, const struct settings *s, struct keyring **keys,
                    struct audit **out)
{
    char why[KEYRING_WHY_BYTES] = "";
    const struct keyring_config config = {.secret_key = s->secret_key,
                                          .secret_key_previous = s->secret_key_previous,
                                          .debug = s->debug,
                                          .data_dir = s->data_dir,
                                          .pepper_file = s->pepper_file};
    const err_t opened = keyring_open(&config, keys, why);
    if (failed(opened)) {
        (void)at_rest_complain(command, why);
        return opened;
    }
    return audit_new(*keys, clock_system(), out);
}

bool at_rest_fits(const char *command, struct store *store, const struct keyring *keys,
                  const struct audit *audit)
{
    pepper_answer_t answer = {0};
    if (failed(pepper_guard_look(store, keys, audit, &answer))) {
        (void)at_rest_complain(command, "the database could not be read");
        return false;
    }
    if (answer.fit != PEPPER_FITS) {
        (void)fprintf(stderr, "%s: the pepper file %s\n", command, pepper_fit_text(answer.fit));
        return false;
    }
    return true;
}
