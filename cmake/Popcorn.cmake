# Helpers shared by the folders' CMakeLists.txt.

# Warnings are errors on both compilers; generated parsers and lexers relax two of them.
set(POP_WARNINGS -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wcast-qual -Werror -Werror=switch)

# pop_library(NAME SOURCES a.cpp ... [DEPS lib ...])
#   A static library of ours. No exceptions or RTTI: those live in driver/ only (Boost.Program_options throws).
function(pop_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR})
  target_compile_options(${name} PRIVATE ${POP_WARNINGS} $<$<COMPILE_LANGUAGE:CXX>:-fno-exceptions -fno-rtti>)
  target_link_libraries(${name} PUBLIC ${ARG_DEPS})
endfunction()

# pop_tool(NAME SOURCES a.cpp ... [DEPS lib ...])  -- an executable of driver/, installed.
function(pop_tool name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR})
  target_compile_options(${name} PRIVATE ${POP_WARNINGS} ${POP_SANITIZE_TOOLS})
  target_compile_definitions(${name} PRIVATE POPCORN_VERSION="${PROJECT_VERSION}")
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} Boost::program_options)
  install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endfunction()

# pop_unit_test(NAME SOURCES a_test.cpp ... [DEPS lib ...])  -- a GoogleTest binary, run by lit.
function(pop_unit_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR})
  target_compile_options(${name} PRIVATE ${POP_WARNINGS} ${POP_SANITIZE_TOOLS})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} GTest::gtest GTest::gtest_main GTest::gmock)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/test/unit)
  add_dependencies(unit-tests ${name})
endfunction()
