#include "load/mix.h"

#include "base/util.h"

#include <stdlib.h>
#include <string.h>

static const struct row {
    const char *name;
    bool socket, asks, session;
} rows[SCENARIOS] = {
    [SCENARIO_EVENTS] = {"events", true, true, true},
    [SCENARIO_BATCHES] = {"batches", true, true, true},
    [SCENARIO_IDLE] = {"idle", true, false, true},
    [SCENARIO_STORM] = {"storm", true, false, true},
    [SCENARIO_STATUS] = {"status", false, true, true},
    [SCENARIO_SUMMARY] = {"summary", false, true, true},
    [SCENARIO_LOGIN] = {"login", false, true, false},
    [SCENARIO_MPIN] = {"mpin", false, true, true},
    [SCENARIO_ECHO] = {"echo", false, true, false},
    [SCENARIO_WS_ECHO] = {"ws-echo", true, true, false},
};

const char *scenario_name(enum scenario s)
{
    return rows[s].name;
}

bool scenario_is_socket(enum scenario s)
{
    return rows[s].socket;
}

bool scenario_asks(enum scenario s)
{
    return rows[s].asks;
}

bool scenario_needs_session(enum scenario s)
{
    return rows[s].session;
}

static bool find(const char *name, size_t len, size_t *out)
{
    for (size_t i = 0; i < SCENARIOS; i++) {
        if (strlen(rows[i].name) == len && memcmp(rows[i].name, name, len) == 0) {
            *out = i;
            return true;
        }
    }
    return false;
}

/* Read one "name" or "name=weight" of `len` bytes. */
static err_t take_item(const char *item, size_t len, struct mix *m)
{
    size_t which = 0;
    unsigned weight = 0;
    const size_t name = size_min(strcspn(item, "="), len);
    if (!find(item, name, &which) || m->weight[which] != 0) {
        return err_new(ERR_FORMAT);
    }
    for (size_t i = name + 1; i < len; i++) {
        if (item[i] < '0' || item[i] > '9' || weight > MIX_WEIGHT_MAX) {
            return err_new(ERR_FORMAT);
        }
        weight = weight * 10 + (unsigned)(item[i] - '0');
    }
    m->weight[which] = name == len ? 1 : weight;
    return m->weight[which] >= 1 && m->weight[which] <= MIX_WEIGHT_MAX ? ERR_OK
                                                                       : err_new(ERR_FORMAT);
}

err_t mix_parse(const char *text, struct mix *out)
{
    struct mix m = {{0}};
    for (const char *at = text;; at++) {
        const size_t len = strcspn(at, ",");
        TRY(take_item(at, len, &m));
        at += len;
        if (*at == '\0') {
            break;
        }
    }
    *out = m;
    return ERR_OK;
}

void mix_deal(const struct mix *m, uint8_t *out, size_t count)
{
    int64_t due[SCENARIOS] = {0};
    int64_t all = 0;
    for (size_t s = 0; s < SCENARIOS; s++) {
        all += m->weight[s];
    }
    for (size_t i = 0; i < count; i++) {
        size_t best = 0;
        for (size_t s = 0; s < SCENARIOS; s++) {
            due[s] += m->weight[s];
            best = due[s] > due[best] ? s : best;
        }
        due[best] -= all;
        out[i] = (uint8_t)best;
    }
}
