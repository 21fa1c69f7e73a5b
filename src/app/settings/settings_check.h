/*
 * settings_check.h - rules that hold between settings, after each one was read by itself.
 *
 * Floor      app/settings
 * Errors     settings_check() answers false and says why in `report->fault`.
 * Threads    no state.
 */
#ifndef APP_SETTINGS_CHECK_H
#define APP_SETTINGS_CHECK_H

#include "app/settings/settings.h"

#include <stdbool.h>

/* Fill in what follows from other settings and from the machine (HOST, LOOPS, ...). */
bool settings_complete(struct settings *s, struct settings_report *report);

/* Check every rule; the first that is broken is told. */
bool settings_check(const struct settings *s, struct settings_report *report);

#endif
