/*
 * assets_table.h - the generated table behind assets.c; nobody else includes this.
 *
 * Floor   api
 * Source  written by web/cmake/embed.cmake into the build directory.
 */
#ifndef API_ASSETS_TABLE_H
#define API_ASSETS_TABLE_H

#include "api/assets.h"

#include <stddef.h>

extern const struct asset asset_table[];
extern const size_t asset_count;

#endif
