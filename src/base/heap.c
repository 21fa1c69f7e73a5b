#include "base/heap.h"

#include "base/util.h"

#include <malloc.h>

bool heap_give_back(struct heap_keeper *k)
{
    const struct mallinfo2 heap = mallinfo2();
    const size_t idle = heap.fordblks;
    if (idle < k->given) {
        k->given = idle; /* some of it was taken into use again */
    }
    if (idle - k->given < size_max(HEAP_TRIM_BYTES, heap.uordblks / HEAP_TRIM_PART)) {
        return false;
    }
    (void)malloc_trim(0);
    k->given = mallinfo2().fordblks;
    return true;
}
