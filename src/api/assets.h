/*
 * assets.h - the documents and pages that are part of the program, gzip-compressed at build time and as they are.
 *
 * Floor      api
 * Source     web/CMakeLists.txt lists them; openapi.json and asyncapi.json come from docs/api/.
 * Units      sizes in bytes.
 * Ownership  everything lives as long as the program and is read-only.
 * Threads    any.
 */
#ifndef API_ASSETS_H
#define API_ASSETS_H

#include "base/span.h"

#include <stddef.h>

struct asset {
    const char *path;         /* absolute, as in a request: "/docs", "/api/v1/openapi.json" */
    const char *content_type; /* complete header value */
    const char *etag;         /* weak, quoted: one tag for the compressed and the plain form */
    const unsigned char *gz;
    size_t gz_len;
    const unsigned char *raw;
    size_t raw_len;
};

/* The Content-Security-Policy that /docs needs, and nothing more. */
#define ASSET_DOCS_CSP                                                               \
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;" \
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/* Find the asset of a path (no query string, no decoding), or NULL. */
const struct asset *asset_find(span_t path);

#endif
