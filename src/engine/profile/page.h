/*
 * page.h - one page of a bag: rows of a person's own strokes or actions, kept for learning alone.
 *
 * Floor      engine/profile
 * Source     docs/engine/actions.md.
 * Units      rows of codes as cell.h says; before those of vectors the first value of each column, a float.
 * Ownership  plain value of at most CANARA_PART_BYTES without a pointer in it.
 * Errors     enum canara_status where bytes come in.
 * Threads    no shared state; one writer.
 *
 * Pages stand alone: one that is lost costs its rows and nothing else. Rows are added at the end; the
 * first `trusted` of them are believed.
 */
#ifndef ENGINE_PAGE_H
#define ENGINE_PAGE_H

#include "canara.h"
#include "engine/people/crowd.h"
#include "engine/samples/cell.h"

#include <assert.h>
#include <stdbool.h>

#define PAGE_MAGIC UINT32_C(0x42524e43) /* "CNRB" */

enum { PAGE_HEAD_BYTES = 48, PAGE_ROOM = CANARA_PART_BYTES - PAGE_HEAD_BYTES };

struct bag_page {
    uint64_t context;
    uint32_t ordinal; /* pages of a bag are filled in this order, from 1 */
    uint16_t features;
    uint16_t count, trusted; /* rows */
    uint8_t kind;
    uint8_t number;          /* part of its name: 0 to BAG_PAGES - 1 */
    uint8_t level;           /* one row in 2^level of its time is kept */
    uint8_t changed;         /* since it was loaded; not stored */
    uint8_t cell[PAGE_ROOM]; /* bases, then rows */
};

static_assert(sizeof(struct bag_page) <= CANARA_PART_BYTES, "a page is at most 4 KiB");

void page_begin(struct bag_page *p, const struct sample *s, uint8_t number, uint32_t ordinal);

/* Rows that a page of such samples has room for. */
size_t page_rows(enum sample_kind kind, size_t features);

/* Add a row; the page MUST have room. */
void page_add(struct bag_page *p, const struct sample *s);

/* Keep every second row of two pages, `a` the older one, in `a`; both MUST have no rows that wait. */
void page_merge(struct bag_page *a, const struct bag_page *b);

/* Row `i` as a sample: its kind, its count and its values. */
void page_row(const struct bag_page *p, size_t i, struct sample *out);

void page_save(const struct bag_page *p, uint8_t bytes[CANARA_PART_BYTES], size_t *size);
enum canara_status page_load(struct bag_page *p, const uint8_t *bytes, size_t size);

#endif
