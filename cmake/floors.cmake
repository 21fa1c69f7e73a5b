# add_floor(NAME [ROOMS room...] [USES lower...]): one static library per directory of src/; sources found by name. A
# large floor has rooms, directories of its own, lowest first: a file includes its own room and those before it.
# The lines in the top CMakeLists.txt are the single truth of who may include whom: tests/check_floors.py reads them,
# and holds the rooms.
function(add_floor name)
  cmake_parse_arguments(F "" "" "ROOMS;USES" ${ARGN})
  if(F_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "add_floor(${name}): neither ROOMS nor USES: ${F_UNPARSED_ARGUMENTS}")
  endif()
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.c)
  list(FILTER sources EXCLUDE REGEX "_(test|fuzz|bench)\\.c$")
  if(name STREQUAL "app")
    list(FILTER sources EXCLUDE REGEX "/main\\.c$")
  endif()
  if(NOT sources)
    add_library(${name} INTERFACE)
    target_include_directories(${name} INTERFACE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/include)
    target_link_libraries(${name} INTERFACE ${F_USES} m)
    return()
  endif()
  add_library(${name} STATIC ${sources})
  target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/include)
  target_link_libraries(${name} PUBLIC ${F_USES} m PRIVATE warnings)
  set_target_properties(${name} PROPERTIES C_VISIBILITY_PRESET hidden) # libcanara is made of one
  set_property(GLOBAL APPEND PROPERTY CANARA_FLOORS ${name})
endfunction()

# floor_needs(NAME library...): what a floor links from outside.
function(floor_needs name)
  get_target_property(type ${name} TYPE)
  if(type STREQUAL "INTERFACE_LIBRARY")
    target_link_libraries(${name} INTERFACE ${ARGN})
  else()
    target_link_libraries(${name} PUBLIC ${ARGN})
  endif()
endfunction()

# test_links_fast(TARGET): a test is linked from the machine code of the floors, not optimised once more
# as a whole: that is for what is shipped, and takes minutes over all tests. lld, where it is installed, takes
# half as long for a large test.
find_program(CANARA_TEST_LINKER ld.lld)
function(test_links_fast target)
  if(CANARA_TEST_LINKER)
    target_link_options(${target} PRIVATE -fuse-ld=lld -Wl,--threads=1)
  endif()
  if(CMAKE_INTERPROCEDURAL_OPTIMIZATION AND CMAKE_C_COMPILER_ID STREQUAL "GNU")
    set_target_properties(${target} PROPERTIES INTERPROCEDURAL_OPTIMIZATION OFF)
    target_link_options(${target} PRIVATE -fno-lto)
  endif()
endfunction()

# The programs of the steps of script/test that do not need all: `unit_tests`, and `threads_tests`, those of
# tests/threads.txt, which alone start a thread or take a lock (tests/check_threads.py holds it against that).
add_custom_target(unit_tests)
add_custom_target(threads_tests)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/threads.txt)
file(STRINGS ${CMAKE_SOURCE_DIR}/tests/threads.txt threaded)

# add_floor_tests(NAME): each *_test.c of src/NAME and its rooms becomes a cmocka program and a ctest entry.
function(add_floor_tests name)
  file(GLOB_RECURSE tests CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*_test.c)
  foreach(source ${tests})
    get_filename_component(test ${source} NAME_WE)
    set(target ${name}_${test})
    add_executable(${target} ${source})
    target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR})
    target_link_libraries(${target} PRIVATE ${name} test_support PkgConfig::CMOCKA warnings)
    test_links_fast(${target})
    add_test(NAME ${name}/${test} COMMAND ${target} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
    set(labels unit ${name})
    add_dependencies(unit_tests ${target})
    if(${name}/${test} IN_LIST threaded)
      list(APPEND labels threads)
      add_dependencies(threads_tests ${target})
    endif()
    set_tests_properties(${name}/${test} PROPERTIES LABELS "${labels}" TIMEOUT 120)
  endforeach()
endfunction()

# add_floor_fuzzers(NAME): each X_fuzz.c of src/NAME (LLVMFuzzerTestOneInput) becomes, with
# CANARA_FUZZ, a libFuzzer program; otherwise a program that runs the kept inputs of
# fuzz/corpus/X and fuzz/regression/X once, as an ordinary test.
function(add_floor_fuzzers name)
  file(GLOB_RECURSE fuzzers CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*_fuzz.c)
  foreach(source ${fuzzers})
    get_filename_component(fuzzer ${source} NAME_WE)
    string(REGEX REPLACE "_fuzz$" "" subject ${fuzzer})
    if(CANARA_FUZZ)
      add_executable(${fuzzer} ${source})
      target_link_options(${fuzzer} PRIVATE -fsanitize=fuzzer)
    else()
      add_executable(${fuzzer} ${source} $<TARGET_OBJECTS:fuzz_replay>)
      test_links_fast(${fuzzer})
      add_test(NAME ${name}/${fuzzer}
               COMMAND ${fuzzer} fuzz/corpus/${subject} fuzz/regression/${subject}
               WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
      set_tests_properties(${name}/${fuzzer} PROPERTIES LABELS "fuzz;${name}" TIMEOUT 120)
    endif()
    target_include_directories(${fuzzer} PRIVATE ${CMAKE_SOURCE_DIR})
    target_link_libraries(${fuzzer} PRIVATE ${name} test_support warnings)
  endforeach()
endfunction()

# add_floor_benches(NAME): each *_bench.c of src/NAME becomes a program (never a test). `benches` builds them all; part
# of "all" where CANARA_BENCHES is on (preset bench): linking them whole takes longer than all tests of a floor.
add_custom_target(benches)
function(add_floor_benches name)
  file(GLOB_RECURSE benches CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*_bench.c)
  foreach(source ${benches})
    get_filename_component(bench ${source} NAME_WE)
    add_executable(${name}_${bench} ${source})
    target_include_directories(${name}_${bench} PRIVATE ${CMAKE_SOURCE_DIR})
    target_link_libraries(${name}_${bench} PRIVATE ${name} warnings)
    add_dependencies(benches ${name}_${bench})
    if(NOT CANARA_BENCHES)
      set_target_properties(${name}_${bench} PROPERTIES EXCLUDE_FROM_ALL ON)
    endif()
  endforeach()
endfunction()
