# feedwatch_embed_migrations(target)
#   Compiles migrations/NNNN_name.sqlite.sql into the target, with the SHA-256 of each file, so that
#   the program needs no file beside it. Configures again when a migration changes or appears.
function(feedwatch_embed_migrations target)
  file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/migrations/*.sqlite.sql)
  list(SORT files)
  set(entries "")
  foreach(path IN LISTS files)
    get_filename_component(file ${path} NAME)
    if(NOT file MATCHES "^([0-9][0-9][0-9][0-9])_([a-z0-9_]+)\\.sqlite\\.sql$")
      message(FATAL_ERROR "migrations/${file}: not of the form NNNN_name.sqlite.sql")
    endif()
    math(EXPR version "1${CMAKE_MATCH_1} - 10000")
    set(name ${CMAKE_MATCH_2})
    file(READ ${path} sql)
    file(SHA256 ${path} digest)
    string(APPEND entries "    {${version}, \"${name}\", \"${digest}\", R\"__sql__(${sql})__sql__\"},\n")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${path})
  endforeach()
  set(generated ${CMAKE_CURRENT_BINARY_DIR}/sqlite_migrations.cpp)
  file(CONFIGURE OUTPUT ${generated} @ONLY CONTENT
"// Generated from migrations/ by cmake/feedwatch_migrations.cmake.
#include \"feedwatch/store/sqlite/migrate.hpp\"

namespace feedwatch::store {

std::span<const Migration> sqlite_migrations() {
  static constexpr Migration all[] = {
@entries@  };
  return all;
}

}  // namespace feedwatch::store
")
  target_sources(${target} PRIVATE ${generated})
endfunction()
