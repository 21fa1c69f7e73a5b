/*
 * bag.h - what is known of one person's strokes or actions: the own part and the pages behind it.
 *
 * Floor      engine/profile
 * Source     docs/engine/actions.md.
 * Ownership  a bag owns its pages.
 * Errors     enum canara_status.
 * Threads    no shared state; one writer.
 */
#ifndef ENGINE_BAG_H
#define ENGINE_BAG_H

#include "engine/profile/own.h"
#include "engine/profile/page.h"

enum { BAG_PAGES = 8, BAG_YOUNG = 20 /* rows that are taken as they come */ };

struct bag {
    struct own own;
    size_t pages;
    struct bag_page *page[BAG_PAGES];
    bool touched; /* by the lesson under way */
};

void bag_begin(struct bag *b, const struct sample *s);
void bag_deinit(struct bag *b);

bool bag_is_like(const struct bag *b, const struct sample *s);

/* Take a row in. `at_once`: it is believed; if not it waits, and CANARA_FULL says that it may not even
 * do that. */
enum canara_status bag_add(struct bag *b, const struct sample *s, bool at_once, int64_t at_ms);

/* Believe what has waited for three sessions or seven days. */
void bag_release(struct bag *b, int64_t at_ms);

/* Work the own part out from the rows, when there is something new. `crowd` may be NULL: the model knows nobody who
 * does the like; its people are `simulated`, as the model says, or real. */
enum canara_status bag_work_out(struct bag *b, const struct crowd *crowd, bool simulated);

/* Put a page in its place; one of the same number is replaced. */
enum canara_status bag_take_page(struct bag *b, const struct bag_page *p);

#endif
