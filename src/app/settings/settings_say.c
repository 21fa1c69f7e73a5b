/* settings_say.c - loads settings for a command and tells a person what is wrong with them. */
#include "app/cli/options.h"
#include "app/settings/settings.h"

#include <stdio.h>
#include <unistd.h>

err_t settings_load_here(const struct option_sets *sets, struct settings *out,
                         struct settings_report *report)
{
    const struct settings_sources from = {
        .set = sets == NULL ? NULL : sets->value,
        .sets = sets == NULL ? 0 : sets->count,
        .env_file = ".env",
        .environment = (const char *const *)environ,
    };
    return settings_load(&from, out, report);
}

err_t settings_load_and_say(const char *command, const struct option_sets *sets,
                            struct settings *out)
{
    struct settings_report report;
    const err_t answer = settings_load_here(sets, out, &report);
    for (size_t i = 0; i < report.warnings; i++) {
        (void)fprintf(stderr, "%s: warning: %s\n", command, report.warning[i]);
    }
    if (failed(answer)) {
        (void)fprintf(stderr, "%s: %s\n", command, report.fault);
    }
    return answer;
}
