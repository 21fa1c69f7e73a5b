# libcanara: the engine as a library of its own, static and shared, with its one public header.
# It needs nothing but the C library and libm: no other floor is linked in.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# The floor's own objects are taken, hidden names and all; only bytecode of clang's cannot go into the archive.
set(objects engine)
if(CMAKE_INTERPROCEDURAL_OPTIMIZATION AND NOT CMAKE_C_COMPILER_ID STREQUAL "GNU")
  get_target_property(sources engine SOURCES)
  add_library(libcanara_objects OBJECT ${sources})
  target_include_directories(libcanara_objects PRIVATE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/include)
  target_link_libraries(libcanara_objects PRIVATE warnings)
  set_target_properties(libcanara_objects PROPERTIES C_VISIBILITY_PRESET hidden INTERPROCEDURAL_OPTIMIZATION OFF)
  set(objects libcanara_objects)
endif()

# The archive holds one object, in which all names but those of canara.h are local: a client may call its own
# functions as we call ours. It is linked by compilers that we do not know: no bytecode in it.
set(whole ${CMAKE_BINARY_DIR}/libcanara_whole.o)
add_custom_command(OUTPUT ${whole}
  COMMAND ${CMAKE_LINKER} -r -o ${whole} $<TARGET_OBJECTS:${objects}>
  COMMAND ${CMAKE_OBJCOPY} --localize-hidden --remove-section .gnu.lto_* --remove-section .gnu.debuglto_* ${whole}
  DEPENDS ${objects} $<TARGET_OBJECTS:${objects}> COMMAND_EXPAND_LISTS VERBATIM)
set_source_files_properties(${whole} PROPERTIES EXTERNAL_OBJECT ON GENERATED ON)
add_library(libcanara_static STATIC ${whole})
set_target_properties(libcanara_static PROPERTIES LINKER_LANGUAGE C EXPORT_NAME canara_static)

add_library(libcanara_shared SHARED $<TARGET_OBJECTS:engine>)
set_target_properties(libcanara_shared PROPERTIES LINKER_LANGUAGE C EXPORT_NAME canara
  VERSION ${PROJECT_VERSION}
  # before 1.0 a minor version may change what is in the library's structures
  SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})

foreach(target libcanara_static libcanara_shared)
  target_include_directories(${target} INTERFACE
    $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_libraries(${target} PUBLIC m)
  set_target_properties(${target} PROPERTIES OUTPUT_NAME canara)
endforeach()
if(NOT CMAKE_C_FLAGS MATCHES "-fsanitize")
  target_link_options(libcanara_shared PRIVATE -Wl,--no-undefined)
endif()

# The .pc file finds its prefix from where it lies, so that `cmake --install --prefix` and a DESTDIR move it.
if(IS_ABSOLUTE ${CMAKE_INSTALL_LIBDIR})
  set(pc_prefix ${CMAKE_INSTALL_PREFIX})
  set(pc_libdir ${CMAKE_INSTALL_LIBDIR})
else()
  file(RELATIVE_PATH up /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
  string(REGEX REPLACE "/$" "" up ${up})
  set(pc_prefix "\${pcfiledir}/${up}")
  set(pc_libdir "\${prefix}/${CMAKE_INSTALL_LIBDIR}")
endif()
configure_file(${CMAKE_SOURCE_DIR}/cmake/canara.pc.in ${CMAKE_BINARY_DIR}/canara.pc @ONLY)
install(TARGETS libcanara_static libcanara_shared EXPORT canara COMPONENT library
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES ${CMAKE_SOURCE_DIR}/include/canara.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        COMPONENT library)
install(FILES ${CMAKE_BINARY_DIR}/canara.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
        COMPONENT library)

# find_package(canara), then canara::canara or canara::canara_static. Both exist always, so that the file of
# targets is the whole configuration.
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/canara)
install(EXPORT canara NAMESPACE canara:: FILE canara-config.cmake DESTINATION ${package}
        COMPONENT library)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/canara-config-version.cmake
                                 VERSION ${PROJECT_VERSION} COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/canara-config-version.cmake DESTINATION ${package}
        COMPONENT library)

# The examples are C99, link the shared library as a stranger would, and are tests.
foreach(example observe profile)
  add_executable(example_${example} ${CMAKE_SOURCE_DIR}/examples/${example}.c)
  set_target_properties(example_${example} PROPERTIES C_STANDARD 99 C_EXTENSIONS OFF)
  target_link_libraries(example_${example} PRIVATE libcanara_shared warnings)
  add_dependencies(unit_tests example_${example})
  add_test(NAME examples/${example} COMMAND example_${example})
  set_tests_properties(examples/${example} PROPERTIES LABELS "unit;engine")
endforeach()

# Installed elsewhere and built against from there. An archive of a sanitized build needs its run time.
if(NOT CMAKE_C_FLAGS MATCHES "-fsanitize|--coverage")
  add_test(NAME examples/installed
           COMMAND sh ${CMAKE_SOURCE_DIR}/tests/tools/installed.sh ${CMAKE_SOURCE_DIR}
                   ${CMAKE_BINARY_DIR} ${CMAKE_COMMAND} ${CMAKE_C_COMPILER} ${CMAKE_INSTALL_LIBDIR})
  set_tests_properties(examples/installed PROPERTIES LABELS "tools;engine" TIMEOUT 120)
endif()
