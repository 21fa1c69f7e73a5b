/* scripted_device.c - the devices of accounts, in memory. */
#include "base/limits.h"
#include "store/scripted_state.h"

#include <string.h>

#define ACCOUNT_ID MEMBER(T_ACCOUNTS, struct account_row, id)

static size_t find_device(const struct store_tx *tx, uuid_t account, const uint8_t *key)
{
    const size_t count = scripted_count(tx, T_DEVICES);
    for (size_t i = 0; i < count; i++) {
        const struct device_entry *entry = scripted_row(tx, T_DEVICES, i);
        if (uuid_eq(entry->account, account) && memcmp(entry->key, key, sizeof entry->key) == 0) {
            return i;
        }
    }
    return count;
}

static bool is_staler(const struct device_entry *a, const struct device_entry *b)
{
    if (a->proved != b->proved) {
        return b->proved;
    }
    const int by_time = scripted_order(a->last_seen.ms, b->last_seen.ms);
    return by_time != 0 ? by_time < 0 : memcmp(a->key, b->key, sizeof a->key) < 0;
}

static err_t device_seen(struct store_tx *tx, uuid_t account, const uint8_t *key, wall_t at,
                         bool first)
{
    const size_t place = find_device(tx, account, key);
    if (place == scripted_count(tx, T_DEVICES)) {
        struct device_entry entry = {.account = account, .last_seen = at, .proved = first};
        memcpy(entry.key, key, sizeof entry.key);
        return scripted_add(tx, T_DEVICES, &entry);
    }
    void *row = NULL;
    TRY(scripted_edit(tx, T_DEVICES, place, &row));
    struct device_entry *entry = row;
    if (entry->last_seen.ms < at.ms) {
        entry->last_seen = at;
    }
    return ERR_OK;
}

/* How many devices an account has, and of those other than `key` the one not seen for longest. */
static size_t count_devices(const struct store_tx *tx, uuid_t account, const uint8_t *key,
                            size_t *stalest)
{
    const struct device_entry *found = NULL;
    size_t count = 0;
    for (size_t i = 0; i < scripted_count(tx, T_DEVICES); i++) {
        const struct device_entry *entry = scripted_row(tx, T_DEVICES, i);
        if (!uuid_eq(entry->account, account)) {
            continue;
        }
        count++;
        if (memcmp(entry->key, key, sizeof entry->key) != 0 &&
            (found == NULL || is_staler(entry, found))) {
            found = entry;
            *stalest = i;
        }
    }
    return count;
}

static err_t devices_trim(struct store_tx *tx, uuid_t account, const uint8_t *key)
{
    size_t stalest = 0;
    for (size_t n = 0; n < STORE_DEVICES_AT_ONCE; n++) {
        if (count_devices(tx, account, key, &stalest) <= LIMIT_DEVICES_PER_ACCOUNT) {
            break;
        }
        TRY(scripted_remove(tx, T_DEVICES, stalest));
    }
    return ERR_OK;
}

err_t scripted_device_touch(struct store_tx *tx, uuid_t account, const uint8_t *key, wall_t at,
                            struct device_standing *was)
{
    const struct had_device_entry had = {account};
    TRY(scripted_gate(tx));
    TRY(scripted_must_have(tx, ACCOUNT_ID, &account));
    const size_t place = find_device(tx, account, key);
    struct device_standing found = {.first = !scripted_has(tx, SCRIPTED_HAD_DEVICE, &account)};
    found.proved = found.first;
    if (place < scripted_count(tx, T_DEVICES)) {
        const struct device_entry *entry = scripted_row(tx, T_DEVICES, place);
        found.known = true;
        found.proved = entry->proved || found.first;
    }
    if (found.first) {
        TRY(scripted_add(tx, T_HAD_DEVICE, &had));
    }
    TRY(device_seen(tx, account, key, at, found.first));
    *was = found;
    return devices_trim(tx, account, key);
}

err_t scripted_device_prove(struct store_tx *tx, uuid_t account, const uint8_t *key, wall_t at)
{
    (void)at;
    TRY(scripted_gate(tx));
    const size_t place = find_device(tx, account, key);
    if (place == scripted_count(tx, T_DEVICES)) {
        return ERR_OK;
    }
    void *row = NULL;
    TRY(scripted_edit(tx, T_DEVICES, place, &row));
    ((struct device_entry *)row)->proved = true;
    return ERR_OK;
}

err_t scripted_device_known(struct store_tx *tx, uuid_t account, const uint8_t *key, bool *known)
{
    TRY(scripted_gate(tx));
    *known = find_device(tx, account, key) < scripted_count(tx, T_DEVICES);
    return ERR_OK;
}
