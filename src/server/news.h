/*
 * news.h - a fixed stock of letters in which workers tell loops what became of a session.
 *
 * Floor      server
 * Ownership  news_stock_new/news_stock_free; a letter that was taken is the taker's until it is
 *            posted, and the reader's until he gives it back.
 * Errors     none but at the start: the stock is made before anything depends on it.
 * Threads    take from workers of the pools alone, for it may wait for loops to read; the rest any.
 *
 * What the store says of a session and what its loop does must not part for want of memory: a
 * blocked session would go on. Loops wait for nobody, so a letter always comes back.
 */
#ifndef SERVER_NEWS_H
#define SERVER_NEWS_H

#include "server/worker.h"

enum { NEWS_MAX = 1024 };

struct news {
    struct mail mail;
    struct news *next; /* in the stock */
    uuid_t session;
    enum tell what;
    enum session_end how;
    double value;
};

struct news_stock;

NODISCARD err_t news_stock_new(struct news_stock **out);

/* All letters are back, or nobody reads them any more. */
void news_stock_free(struct news_stock **s);

/* Take a letter; waits while all are under way. NULL once the loops have ended. */
struct news *news_take(struct news_stock *s);

/* It was read. */
void news_give(struct news_stock *s, struct news *n);

/* The loops have ended: nobody waits, and nothing is told any more. */
void news_stock_close(struct news_stock *s);

#endif
