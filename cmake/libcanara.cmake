# libcanara: the engine as a library of its own, static and shared, with its one public header.
# It needs nothing but the C library and libm: no other floor is linked in.
include(GNUInstallDirs)

get_target_property(libcanara_sources engine SOURCES)
foreach(form STATIC SHARED)
  string(TOLOWER ${form} word)
  add_library(libcanara_${word} ${form} ${libcanara_sources})
  target_include_directories(libcanara_${word} PUBLIC
    $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
    PRIVATE ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(libcanara_${word} PUBLIC m PRIVATE $<BUILD_INTERFACE:warnings>)
  set_target_properties(libcanara_${word} PROPERTIES
    OUTPUT_NAME canara C_VISIBILITY_PRESET hidden
    VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})
endforeach()
# an archive is linked by compilers that we do not know: no bytecode of ours in it
set_target_properties(libcanara_static PROPERTIES INTERPROCEDURAL_OPTIMIZATION OFF)
if(NOT CMAKE_C_FLAGS MATCHES "-fsanitize")
  target_link_options(libcanara_shared PRIVATE -Wl,--no-undefined)
endif()

configure_file(${CMAKE_SOURCE_DIR}/cmake/canara.pc.in ${CMAKE_BINARY_DIR}/canara.pc @ONLY)
install(TARGETS libcanara_static libcanara_shared
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES ${CMAKE_SOURCE_DIR}/include/canara.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES ${CMAKE_BINARY_DIR}/canara.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# The example is C99, links the shared library as a stranger would, and is a test.
if(NOT CANARA_FUZZ)
  add_executable(example_observe ${CMAKE_SOURCE_DIR}/examples/observe.c)
  set_target_properties(example_observe PROPERTIES C_STANDARD 99 C_EXTENSIONS OFF)
  target_link_libraries(example_observe PRIVATE libcanara_shared warnings)
  add_test(NAME examples/observe COMMAND example_observe)
  set_tests_properties(examples/observe PROPERTIES LABELS "unit;engine")
endif()
