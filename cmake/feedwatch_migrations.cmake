# feedwatch_embed_migrations(target)
#   Compiles migrations/NNNN_name.sqlite.sql and NNNN_name.pg.sql into the target, with the SHA-256 of
#   each file, so that the program needs no file beside it. Configures again when one changes or appears.
function(feedwatch_embed_migrations target)
  feedwatch_migration_entries(sqlite sqlite)
  feedwatch_migration_entries(pg postgres)
  set(generated ${CMAKE_CURRENT_BINARY_DIR}/migrations.cpp)
  file(CONFIGURE OUTPUT ${generated} @ONLY CONTENT
"// Generated from migrations/ by cmake/feedwatch_migrations.cmake.
#include \"feedwatch/store/migration.hpp\"

namespace feedwatch::store {

std::span<const Migration> sqlite_migrations() {
  static constexpr Migration all[] = {
@sqlite_entries@  };
  return all;
}

std::span<const Migration> postgres_migrations() {
  static constexpr Migration all[] = {
@postgres_entries@  };
  return all;
}

}  // namespace feedwatch::store
")
  target_sources(${target} PRIVATE ${generated})
endfunction()

# feedwatch_migration_entries(suffix name): <name>_entries is the list of NNNN_*.<suffix>.sql as C++.
function(feedwatch_migration_entries suffix name)
  file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/migrations/*.${suffix}.sql)
  list(SORT files)
  set(entries "")
  foreach(path IN LISTS files)
    get_filename_component(file ${path} NAME)
    if(NOT file MATCHES "^([0-9][0-9][0-9][0-9])_([a-z0-9_]+)\\.${suffix}\\.sql$")
      message(FATAL_ERROR "migrations/${file}: not of the form NNNN_name.${suffix}.sql")
    endif()
    math(EXPR version "1${CMAKE_MATCH_1} - 10000")
    set(title ${CMAKE_MATCH_2})
    file(READ ${path} sql)
    file(SHA256 ${path} digest)
    string(APPEND entries "    {${version}, \"${title}\", \"${digest}\", R\"__sql__(${sql})__sql__\"},\n")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${path})
  endforeach()
  set(${name}_entries "${entries}" PARENT_SCOPE)
endfunction()
