# One list of warnings for every compiler; a flag that the compiler does not know is left out.
include(CheckCCompilerFlag)
add_library(warnings INTERFACE)
foreach(flag
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wfloat-conversion
    -Wformat=2 -Wundef -Wcast-align -Wcast-qual -Wpointer-arith -Wwrite-strings
    -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wredundant-decls
    -Wnested-externs -Wswitch-enum -Wimplicit-fallthrough -Wvla -Walloca -Wnull-dereference
    -Wformat-signedness -Wlogical-op -Wduplicated-cond -Wduplicated-branches -Wjump-misses-init
    -Warith-conversion -Wstringop-overflow=4 -Wtrampolines -Walloc-zero
    -Wassign-enum -Wcomma -Wconditional-uninitialized -Wunreachable-code-aggressive
    -Wshift-sign-overflow -Wthread-safety)
  string(MAKE_C_IDENTIFIER "has${flag}" var)
  check_c_compiler_flag(${flag} ${var})
  if(${var})
    target_compile_options(warnings INTERFACE ${flag})
  endif()
endforeach()
