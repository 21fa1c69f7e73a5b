# One list of warnings for every compiler; a flag that the compiler does not know is left out. It is asked
# for each alone and with an empty file: a hundredth of what check_c_compiler_flag() takes, with a project for each.
add_library(warnings INTERFACE)
if(NOT DEFINED CANARA_WARNINGS)
  set(known "")
  foreach(flag
      -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wfloat-conversion
      -Wformat=2 -Wundef -Wcast-align -Wcast-qual -Wpointer-arith -Wwrite-strings
      -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wredundant-decls
      -Wnested-externs -Wswitch-enum -Wimplicit-fallthrough -Wvla -Walloca -Wnull-dereference
      -Wformat-signedness -Wlogical-op -Wduplicated-cond -Wduplicated-branches -Wjump-misses-init
      -Warith-conversion -Wstringop-overflow=4 -Wtrampolines -Walloc-zero
      -Wassign-enum -Wcomma -Wconditional-uninitialized -Wunreachable-code-aggressive
      -Wshift-sign-overflow -Wthread-safety)
    execute_process(COMMAND ${CMAKE_C_COMPILER} -Werror ${flag} -E -x c /dev/null
                    RESULT_VARIABLE unknown OUTPUT_QUIET ERROR_QUIET)
    if(NOT unknown)
      list(APPEND known ${flag})
    endif()
  endforeach()
  set(CANARA_WARNINGS ${known} CACHE INTERNAL "warnings that the compiler knows")
endif()
target_compile_options(warnings INTERFACE ${CANARA_WARNINGS})
