#include "api/assets.h"

#include "api/assets_table.h"

#include <string.h>

const struct asset *asset_find(span_t path)
{
    for (size_t i = 0; i < asset_count; i++) {
        const span_t mine = {(const uint8_t *)asset_table[i].path, strlen(asset_table[i].path)};
        if (span_eq(mine, path)) {
            return &asset_table[i];
        }
    }
    return NULL;
}
