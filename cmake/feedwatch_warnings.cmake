# Warnings are errors everywhere in our own code; system headers are included with -isystem.
add_library(feedwatch_warnings INTERFACE)
target_compile_options(feedwatch_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wnon-virtual-dtor
  -Wold-style-cast -Wcast-align -Woverloaded-virtual -Wnull-dereference -Wimplicit-fallthrough
  -Werror
  $<$<CXX_COMPILER_ID:Clang>:-Wextra-semi -Wunreachable-code -Wno-missing-designated-field-initializers
      -Wno-missing-field-initializers>
  # g++ 12 reports maybe-uninitialized, null dereferences and dangling pointers inside its own library
  # headers at some optimisation levels, and wants every member of a designated initializer named.
  $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized -Wno-null-dereference -Wno-dangling-pointer
      -Wno-missing-field-initializers>)
