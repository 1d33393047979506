# One library target per folder of src/, and one test program per folder of tests/.

# imprimatur_library(NAME [DEPENDS target...] [PRIVATE target...])
# Builds every .cpp of the calling folder, and of those below it, as the static library imp_NAME.
# DEPENDS are the targets whose headers its own headers use; PRIVATE ones appear in its .cpp files
# alone.
function(imprimatur_library name)
  cmake_parse_arguments(arg "" "" "DEPENDS;PRIVATE" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")  # belongs to an executable
  if(NOT sources)
    file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/empty.cpp "")
    set(sources ${CMAKE_CURRENT_BINARY_DIR}/empty.cpp)
  endif()
  add_library(imp_${name} STATIC ${sources})
  target_include_directories(imp_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(imp_${name} PUBLIC ${arg_DEPENDS} PRIVATE ${arg_PRIVATE})
  if(NOT name STREQUAL "base")
    target_precompile_headers(imp_${name} REUSE_FROM imp_base)
  endif()
endfunction()

# imprimatur_tests(NAME [DEPENDS target...])
# Builds every .cpp at and below the calling folder's NAME directory as the program NAME_test (slashes become
# underscores) and registers it with CTest.
function(imprimatur_tests folder)
  cmake_parse_arguments(arg "" "" "DEPENDS" ${ARGN})
  string(REPLACE "/" "_" name ${folder})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.cpp)
  if(NOT sources)
    return()
  endif()
  add_executable(${name}_test ${sources})
  target_include_directories(${name}_test PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_compile_definitions(${name}_test PRIVATE
    IMPRIMATUR_TEST_DATA="${CMAKE_CURRENT_SOURCE_DIR}/${folder}/data")
  target_link_libraries(${name}_test PRIVATE ${arg_DEPENDS} GTest::gmock GTest::gtest_main)
  target_precompile_headers(${name}_test REUSE_FROM imp_test_headers)
  # One CTest case a program: its cases share keys and other things that take long to make.
  add_test(NAME ${folder} COMMAND ${name}_test --gtest_brief=1)
  set_tests_properties(${folder} PROPERTIES TIMEOUT 600 LABELS ${name})
endfunction()
