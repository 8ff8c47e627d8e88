# What find_package(Popcorn) reads.
include("${CMAKE_CURRENT_LIST_DIR}/PopcornProject.cmake")
