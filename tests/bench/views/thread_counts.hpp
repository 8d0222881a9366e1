#pragma once

#include <cstdint>

namespace feedwatch::bench {

/// What one thread has asked for so far.
struct ThreadCounts {
  std::uint64_t allocations = 0;  ///< malloc and its kin, operator new included
  std::uint64_t locks = 0;        ///< mutexes and read-write locks, tried ones included
};

/// Of the calling thread, in a program that thread_counts.cpp is linked into: it stands before the
/// C library's own functions, for this program and for the libraries it has loaded.
ThreadCounts counts_of_this_thread();

}  // namespace feedwatch::bench
