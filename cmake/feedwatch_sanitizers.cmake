# FEEDWATCH_SANITIZER = none | address (with undefined) | thread | fuzzer (address and undefined, with the
# coverage that fuzzers steer by).
# Units that instantiate Beast are compiled without the undefined sanitizer: it quadruples their
# compile time and memory and reports nothing of ours (see feedwatch_heavy_sources).
set(FEEDWATCH_SANITIZER "none" CACHE STRING "none, address, thread or fuzzer")
set_property(CACHE FEEDWATCH_SANITIZER PROPERTY STRINGS none address thread fuzzer)

add_library(feedwatch_sanitizers INTERFACE)
if(FEEDWATCH_SANITIZER STREQUAL "address")
  target_compile_options(feedwatch_sanitizers INTERFACE
    -fsanitize=address,undefined -fno-sanitize-recover=all)
  target_link_options(feedwatch_sanitizers INTERFACE -fsanitize=address,undefined)
elseif(FEEDWATCH_SANITIZER STREQUAL "thread")
  target_compile_options(feedwatch_sanitizers INTERFACE -fsanitize=thread)
  target_link_options(feedwatch_sanitizers INTERFACE -fsanitize=thread)
elseif(FEEDWATCH_SANITIZER STREQUAL "fuzzer")
  target_compile_options(feedwatch_sanitizers INTERFACE
    -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all)
  target_link_options(feedwatch_sanitizers INTERFACE -fsanitize=address,undefined)
elseif(NOT FEEDWATCH_SANITIZER STREQUAL "none")
  message(FATAL_ERROR "FEEDWATCH_SANITIZER is '${FEEDWATCH_SANITIZER}': use none, address, thread or fuzzer")
endif()

function(feedwatch_heavy_sources)
  if(FEEDWATCH_SANITIZER MATCHES "^(address|fuzzer)$")
    set_source_files_properties(${ARGN} PROPERTIES COMPILE_OPTIONS "-fno-sanitize=undefined")
  endif()
endfunction()
