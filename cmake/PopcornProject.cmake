# Popcorn programs in CMake projects. Installed with the tools: find_package(Popcorn), or include this file.
#
# add_popcorn_executable(TARGET [UPDATEABLE] [VERSION LABEL] SOURCE...
#                        [INCLUDE_DIRECTORIES DIR...] [DEFINITIONS NAME[=VALUE]...] [OPTIONS OPTION...])
#
# Makes the program TARGET, in CMAKE_RUNTIME_OUTPUT_DIRECTORY or else in bin/ of the current binary directory; its path is the target's
# property POPCORN_EXECUTABLE. Each source has an object of its own, made again when the source, a header that it includes or popc changes.
#   SOURCE               .pop, or .tal
#   UPDATEABLE           as `popc -dsu`
#   VERSION LABEL        as `popc --dsu-version=LABEL`; only with UPDATEABLE
#   OPTIONS              more options of popc for compiling, e.g. -Wall -O0
#
# With CMAKE_EXPORT_COMPILE_COMMANDS the commands that compile Popcorn sources are written to compile_commands.json in the top binary
# directory; in a project that has C or C++ as well, whose commands CMake writes there itself, to popcorn/compile_commands.json.
#
# add_popcorn_lexer(VARIABLE FILE.popl)
# add_popcorn_parser(VARIABLE FILE.y [OPTIONS OPTION...])
#
# Set VARIABLE to the Popcorn source that poplex or popyacc makes of a specification: a source for add_popcorn_executable in the same
# directory, called FILE.pop or FILE_tab.pop. The parser's header FILE_tab.h is found without INCLUDE_DIRECTORIES by all programs of the
# directory that are added later. OPTIONS are for popyacc.
#
# The cache variable POPCORN_POPC is the compiler, by default the one that this file was installed with; POPCORN_POPLEX and
# POPCORN_POPYACC are the other tools.

cmake_minimum_required(VERSION 3.21)
include_guard(GLOBAL)
cmake_policy(PUSH)
cmake_policy(VERSION 3.21)  # paths in dependency files are seen from the binary directory (CMP0116)

get_filename_component(_popcorn_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
find_program(POPCORN_POPC popc HINTS "${_popcorn_prefix}/bin" DOC "The Popcorn compiler" REQUIRED)

find_program(POPCORN_POPLEX poplex HINTS "${_popcorn_prefix}/bin" DOC "The maker of Popcorn lexers" REQUIRED)
find_program(POPCORN_POPYACC popyacc HINTS "${_popcorn_prefix}/bin" DOC "The maker of Popcorn parsers" REQUIRED)

# Sets `output` to the file NAME of the directory for what tools make, which is made, and `path` to that of the specification.
function(_popcorn_generated specification suffix path output)
  get_filename_component(file "${specification}" ABSOLUTE)
  get_filename_component(name "${specification}" NAME_WLE)
  set(directory "${CMAKE_CURRENT_BINARY_DIR}/popcorn-generated")
  file(MAKE_DIRECTORY "${directory}")
  set(${path} "${file}" PARENT_SCOPE)
  set(${output} "${directory}/${name}${suffix}" PARENT_SCOPE)
endfunction()

function(add_popcorn_lexer variable specification)
  _popcorn_generated("${specification}" ".pop" path output)
  add_custom_command(
    OUTPUT "${output}"
    COMMAND "${POPCORN_POPLEX}" "${path}" -o "${output}"
    DEPENDS "${path}" "${POPCORN_POPLEX}"
    COMMENT "Making a lexer of ${specification}"
    VERBATIM)
  set(${variable} "${output}" PARENT_SCOPE)
endfunction()

function(add_popcorn_parser variable specification)
  cmake_parse_arguments(PARSE_ARGV 2 ARG "" "" "OPTIONS")
  _popcorn_generated("${specification}" "_tab.pop" path output)
  string(REGEX REPLACE "pop$" "h" header "${output}")
  add_custom_command(
    OUTPUT "${output}" "${header}"
    COMMAND "${POPCORN_POPYACC}" -d ${ARG_OPTIONS} "${path}" -o "${output}"
    DEPENDS "${path}" "${POPCORN_POPYACC}"
    COMMENT "Making a parser of ${specification}"
    VERBATIM)
  # Sources that include the header wait for this target; whether they have to be compiled again, their dependency files say.
  get_property(number DIRECTORY PROPERTY POPCORN_PARSERS)
  list(LENGTH number number)
  string(MD5 hash "${CMAKE_CURRENT_BINARY_DIR}")
  set(target "popcorn-parser-${hash}-${number}")
  add_custom_target(${target} DEPENDS "${output}" "${header}")
  set_property(DIRECTORY APPEND PROPERTY POPCORN_PARSERS ${target})
  set(${variable} "${output}" PARENT_SCOPE)
endfunction()

# Sets `object` to the object of a source and adds the command that makes it.
function(_popcorn_object target source options object)
  get_filename_component(path "${source}" ABSOLUTE)
  file(RELATIVE_PATH name "${CMAKE_CURRENT_SOURCE_DIR}" "${path}")
  if(name MATCHES "^\\.\\./")
    string(MD5 hash "${path}")
    get_filename_component(name "${path}" NAME)
    set(name "${hash}/${name}")
  endif()
  get_property(parsers DIRECTORY PROPERTY POPCORN_PARSERS)
  set(output "${CMAKE_CURRENT_BINARY_DIR}/CMakeFiles/${target}.pop/${name}.o")
  get_filename_component(directory "${output}" DIRECTORY)
  file(MAKE_DIRECTORY "${directory}")
  add_custom_command(
    OUTPUT "${output}"
    COMMAND "${POPCORN_POPC}" ${options} -MD -MF "${output}.d" -MT "${output}" -c -o "${output}" "${path}"
    DEPENDS "${path}" "${POPCORN_POPC}" ${parsers}
    DEPFILE "${output}.d"
    COMMENT "Compiling ${name} for ${target}"
    VERBATIM)
  _popcorn_export_command("${path}" "${output}" "${options}")
  set(${object} "${output}" PARENT_SCOPE)
endfunction()

# Text as a JSON string.
function(_popcorn_json text result)
  string(REPLACE "\\" "\\\\" text "${text}")
  string(REPLACE "\"" "\\\"" text "${text}")
  set(${result} "\"${text}\"" PARENT_SCOPE)
endfunction()

# Notes the command for compile_commands.json, which is written when all directories have been read.
function(_popcorn_export_command source object options)
  if(NOT CMAKE_EXPORT_COMPILE_COMMANDS)
    return()
  endif()
  set(arguments)
  foreach(word IN ITEMS "${POPCORN_POPC}" LISTS options ITEMS -c -o "${object}" "${source}")
    _popcorn_json("${word}" word)
    list(APPEND arguments "${word}")
  endforeach()
  list(JOIN arguments ", " arguments)
  _popcorn_json("${CMAKE_CURRENT_BINARY_DIR}" directory)
  _popcorn_json("${source}" file)
  _popcorn_json("${object}" output)
  get_property(noted GLOBAL PROPERTY POPCORN_COMMANDS)
  if(NOT noted)
    cmake_language(DEFER DIRECTORY "${CMAKE_SOURCE_DIR}" CALL _popcorn_write_commands)
  endif()
  set_property(GLOBAL APPEND_STRING PROPERTY POPCORN_COMMANDS
    "{\"directory\": ${directory}, \"file\": ${file}, \"output\": ${output}, \"arguments\": [${arguments}]},\n")
endfunction()

function(_popcorn_write_commands)
  get_property(commands GLOBAL PROPERTY POPCORN_COMMANDS)
  string(REGEX REPLACE ",\n$" "\n" commands "${commands}")
  get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)
  set(directory "${CMAKE_BINARY_DIR}")
  if("C" IN_LIST languages OR "CXX" IN_LIST languages)
    string(APPEND directory /popcorn)
  endif()
  file(WRITE "${directory}/compile_commands.json" "[\n${commands}]\n")
endfunction()

function(add_popcorn_executable target)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "UPDATEABLE" "VERSION" "INCLUDE_DIRECTORIES;DEFINITIONS;OPTIONS")
  if(NOT ARG_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "add_popcorn_executable(${target}): no sources")
  endif()
  if(DEFINED ARG_VERSION AND NOT ARG_UPDATEABLE)
    message(FATAL_ERROR "add_popcorn_executable(${target}): VERSION goes with UPDATEABLE")
  endif()

  set(update_options)
  if(ARG_UPDATEABLE)
    list(APPEND update_options -dsu)
  endif()
  if(DEFINED ARG_VERSION)
    list(APPEND update_options "--dsu-version=${ARG_VERSION}")
  endif()
  set(options ${update_options} ${ARG_OPTIONS})
  foreach(directory IN LISTS ARG_INCLUDE_DIRECTORIES)
    get_filename_component(directory "${directory}" ABSOLUTE)
    list(APPEND options "-I${directory}")
  endforeach()
  get_property(parsers DIRECTORY PROPERTY POPCORN_PARSERS)
  if(parsers)
    list(APPEND options "-I${CMAKE_CURRENT_BINARY_DIR}/popcorn-generated")
  endif()
  foreach(definition IN LISTS ARG_DEFINITIONS)
    list(APPEND options "-D${definition}")
  endforeach()

  set(objects)
  foreach(source IN LISTS ARG_UNPARSED_ARGUMENTS)
    _popcorn_object(${target} "${source}" "${options}" object)
    list(APPEND objects "${object}")
  endforeach()

  set(directory "${CMAKE_CURRENT_BINARY_DIR}/bin")
  if(CMAKE_RUNTIME_OUTPUT_DIRECTORY)
    get_filename_component(directory "${CMAKE_RUNTIME_OUTPUT_DIRECTORY}" ABSOLUTE BASE_DIR "${CMAKE_CURRENT_BINARY_DIR}")
  endif()
  if(directory STREQUAL CMAKE_BINARY_DIR OR directory STREQUAL CMAKE_CURRENT_BINARY_DIR)
    string(APPEND directory /bin)  # there Ninja has the target itself
  endif()
  file(MAKE_DIRECTORY "${directory}")
  set(program "${directory}/${target}")
  add_custom_command(
    OUTPUT "${program}"
    COMMAND "${POPCORN_POPC}" ${update_options} -o "${program}" ${objects}
    DEPENDS ${objects} "${POPCORN_POPC}"
    COMMENT "Linking Popcorn program ${target}"
    VERBATIM)
  add_custom_target(${target} ALL DEPENDS "${program}")
  set_target_properties(${target} PROPERTIES POPCORN_EXECUTABLE "${program}")
endfunction()

cmake_policy(POP)
