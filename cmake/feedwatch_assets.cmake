# feedwatch_embed_assets(target)
#   Compiles the files of web/dist into the target, so that the program serves its dashboard without
#   a file beside it. Configures again when one changes.
function(feedwatch_embed_assets target)
  set(files index.html app.js style.css favicon.svg)
  set(types text/html text/javascript text/css image/svg+xml)
  set(entries "")
  foreach(file type IN ZIP_LISTS files types)
    set(path ${PROJECT_SOURCE_DIR}/web/dist/${file})
    file(READ ${path} body)
    if(file STREQUAL "index.html")
      set(url "/")
    else()
      set(url "/${file}")
    endif()
    if(type MATCHES "^text/")
      # Not in the list above: its semicolon would make two elements of it.
      string(APPEND type "; charset=utf-8")
    endif()
    string(APPEND entries "    {\"${url}\", \"${type}\", R\"__asset__(${body})__asset__\"},\n")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${path})
  endforeach()
  set(generated ${CMAKE_CURRENT_BINARY_DIR}/dashboard_assets.cpp)
  file(CONFIGURE OUTPUT ${generated} @ONLY CONTENT
"// Generated from web/dist by cmake/feedwatch_assets.cmake.
#include \"feedwatch/api/assets.hpp\"

namespace feedwatch::api {

std::span<const Asset> assets() {
  static constexpr Asset all[] = {
@entries@  };
  return all;
}

}  // namespace feedwatch::api
")
  target_sources(${target} PRIVATE ${generated})
endfunction()
