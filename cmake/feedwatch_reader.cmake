# feedwatch_reader(board)
#   libfeedwatch_board.so, the reading side of the shared board behind feedwatch/board.h: a target of its
#   own sources, so that it exports FW_API alone and needs nothing but the C++ library.
function(feedwatch_reader name)
  set(target feedwatch_${name})
  set(sources)
  foreach(source shm/c_api shm/reader shm/open_segment shm/identity board/view board/layout board/judge
                 base/decimal)
    list(APPEND sources ${PROJECT_SOURCE_DIR}/src/feedwatch/${source}.cpp)
  endforeach()
  add_library(${target} SHARED ${sources})
  target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(${target} PUBLIC feedwatch_sanitizers PRIVATE feedwatch_warnings)
  set_target_properties(${target} PROPERTIES
    VERSION 1.0.0 SOVERSION 1 CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
  target_link_options(${target} PRIVATE -Wl,--version-script=${PROJECT_SOURCE_DIR}/cmake/feedwatch_board.map)
  set_property(TARGET ${target} PROPERTY LINK_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/feedwatch_board.map)
  # What is forgotten above is an error here. Sanitizers leave their symbols to the program.
  if(FEEDWATCH_SANITIZER STREQUAL "none")
    target_link_options(${target} PRIVATE -Wl,-z,defs)
  endif()
endfunction()
