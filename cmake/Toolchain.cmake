# Compiler, linker and cache choices that hold for every target.

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Debug)
endif()

# Line tables are enough for stack traces and sanitizers, and halve the size of what is linked.
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -gline-tables-only")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g1")
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Werror=return-type -Werror=switch)
# RE2 asks for -pthread; the shared precompiled header only fits targets that agree on it.
add_compile_options(-pthread)
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  add_compile_options(-Wno-c++26-extensions -fcolor-diagnostics)
  # ccache needs precompiled headers without a time stamp inside.
  add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:SHELL:-Xclang -fno-pch-timestamp>")
endif()

find_program(LLD_LINKER ld.lld-19)
find_program(MOLD_LINKER mold)
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang" AND LLD_LINKER)
  add_link_options(-fuse-ld=${LLD_LINKER})
elseif(MOLD_LINKER)
  add_link_options(-fuse-ld=mold)
endif()

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${CCACHE})
endif()

if(IMPRIMATUR_SANITIZE)
  add_compile_options(-fsanitize=${IMPRIMATUR_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -O1)
  add_link_options(-fsanitize=${IMPRIMATUR_SANITIZE})
endif()
