#include "api/assets.h"

#include "api/assets_table.h"

#include <limits.h>
#define ZLIB_CONST /* next_in is then const */
#include <zlib.h>

enum { GZIP_WINDOW = 15 + 16 }; /* zlib.h: 16 asks for a gzip header instead of a zlib one */

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

static void end_inflate(z_stream *z)
{
    (void)inflateEnd(z); /* fails only for a stream that was never set up */
}

err_t asset_inflate(const struct asset *a, struct buf *out)
{
    if (a->gz_len > UINT_MAX || a->raw_len > UINT_MAX) {
        return err_new(ERR_LIMIT);
    }
    TRY(buf_reserve(out, a->raw_len));
    CLEANUP(end_inflate) z_stream z = {.next_in = a->gz, .avail_in = (uInt)a->gz_len};
    if (inflateInit2(&z, GZIP_WINDOW) != Z_OK) {
        return err_new(ERR_NOMEM);
    }
    z.next_out = out->ptr + out->len;
    z.avail_out = (uInt)a->raw_len;
    if (inflate(&z, Z_FINISH) != Z_STREAM_END || z.total_out != a->raw_len) {
        return err_new(ERR_FORMAT);
    }
    out->len += a->raw_len;
    return ERR_OK;
}
