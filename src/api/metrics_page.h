/*
 * metrics_page.h - GET /metrics: every number of docs/metrics.md as OpenMetrics text.
 *
 * Floor      api
 * Source     OpenMetrics 1.0 (RFC draft openmetrics-00), docs/metrics.md.
 * Ownership  a struct metrics_page is a value; `api` is borrowed.
 * Errors     ERR_NOMEM, ERR_LIMIT of the buf.
 * Threads    any: it reads numbers that others move.
 */
#ifndef API_METRICS_PAGE_H
#define API_METRICS_PAGE_H

#include "api/api.h"
#include "base/buf.h"
#include "codec/event_scan.h"
#include "journal/journal.h"
#include "journal/view.h"

#define METRICS_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"

/* What is shown besides the counters of the api: added up over the loops, read from below. */
struct metrics_page {
    const struct api *api;
    struct server_numbers server;
    int64_t by_level[4];
    int64_t by_use[LIVE_USES];
    uint64_t events[CANARA_EVENT_KINDS];
    uint64_t challenges, replays, blocks_risk, blocks_mpin, blocks_operator;
    struct histogram_view decision;
    struct journal_stats journal;
    struct view_stats view;
    size_t ledger_depth, lesson_depth;
};

/* Append the whole page, `# EOF` included. */
NODISCARD err_t metrics_write(const struct metrics_page *page, struct buf *out);

/* Count a refused message of events by the reason of its fault. */
void metrics_count_refusal(struct api_metrics *m, const scan_fault_t *fault);

/* Count a socket closed with this code, by either side. */
void metrics_count_close(struct api_metrics *m, unsigned code);

#endif
