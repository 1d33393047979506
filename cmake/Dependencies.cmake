# Everything comes from Debian 12's packages; scripts/setup installs them.

find_package(Threads REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json url)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(prometheus-cpp REQUIRED)
find_package(CURL REQUIRED)
# Debian ships SOCI without a CMake package.
find_library(SOCI_CORE soci_core REQUIRED)
find_library(SOCI_SQLITE3 soci_sqlite3 REQUIRED)
find_library(CMARK_GFM_EXTENSIONS cmark-gfm-extensions REQUIRED)
find_package(PkgConfig REQUIRED)
foreach(package libsodium libfyaml re2 libarchive libdeflate zlib sqlite3 liboath libqrencode libfido2 simdjson libcmark-gfm)
  string(TOUPPER ${package} prefix)
  pkg_check_modules(${prefix} REQUIRED IMPORTED_TARGET ${package})
endforeach()
