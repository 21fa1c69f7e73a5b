#include "app/cli/build_commit.h"

#include <stddef.h>

const char *build_commit(void)
{
    static const char commit[] = CANARA_COMMIT; /* from cmake/commit.cmake */
    return commit[0] == '\0' ? NULL : commit;
}
