#pragma once

#include <cstdint>

namespace feedwatch::bench {

/// Calls of operator new in this process so far, any thread.
std::uint64_t allocations();
/// Bytes handed out by operator new and not given back, with the allocator's own overhead.
std::int64_t heap_bytes();

}  // namespace feedwatch::bench
