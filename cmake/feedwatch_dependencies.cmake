# Every third-party library, from Debian 12 packages (see packaging/packages.txt).
find_package(Threads REQUIRED)
find_package(fmt 9 REQUIRED)
find_package(spdlog REQUIRED)
find_package(simdjson REQUIRED)
find_package(tomlplusplus 3.3 REQUIRED)
find_package(CLI11 2.1 REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(CURL 7.88 REQUIRED)   # e-mail only
find_package(SQLite3 3.40 REQUIRED)
find_package(PostgreSQL 15 REQUIRED)   # libpq
find_package(ZLIB REQUIRED)
find_package(BZip2 REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(RE2 REQUIRED IMPORTED_TARGET re2)
find_package(GTest REQUIRED)
find_package(rapidcheck REQUIRED)   # no version of its own; tests only
include(GoogleTest)

# Headers and settings of Asio and Beast, compiled once in net (separate compilation).
add_library(feedwatch_boost INTERFACE)
target_link_libraries(feedwatch_boost INTERFACE Boost::headers OpenSSL::SSL OpenSSL::Crypto Threads::Threads)
target_compile_definitions(feedwatch_boost INTERFACE
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED
  BOOST_ASIO_DISABLE_BOOST_COROUTINE)
