/*
 * build_commit.h - which commit of the sources this program was built from.
 *
 * Floor      app/cli
 * Source     asked of git when the build is configured, which every commit makes happen again.
 * Ownership  a constant.
 * Threads    any.
 */
#ifndef APP_BUILD_COMMIT_H
#define APP_BUILD_COMMIT_H

/* The first 12 hex digits; NULL when the sources were not built inside their repository. */
const char *build_commit(void);

#endif
