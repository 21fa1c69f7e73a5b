/* model_builtin.S - the bytes of models/simulated.canara, which script/model makes. BUILTIN_MODEL is
 * its path. */
#if defined(__CET__)
#include <cet.h>
#endif
    .section .rodata
    .balign 16
    .globl canara_builtin_begin
    .hidden canara_builtin_begin
    .type canara_builtin_begin, @object
canara_builtin_begin:
    .incbin BUILTIN_MODEL
    .globl canara_builtin_end
    .hidden canara_builtin_end
canara_builtin_end:
    .size canara_builtin_begin, canara_builtin_end - canara_builtin_begin
    .section .note.GNU-stack, "", @progbits
