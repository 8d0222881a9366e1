#include "tests/bench/views/thread_counts.hpp"

#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>

#include <cerrno>
#include <cstdlib>

// The C library's own, under the names it keeps for who replaces the others.
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* block, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);
}

namespace feedwatch::bench {
namespace {

// Without a constructor: the first allocation of a thread comes before everything else of it.
constinit thread_local ThreadCounts counts;

/// The library's function behind the one of the same name here.
template <class Function>
Function* behind(const char* name) {
  auto* const found = reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
  if (found == nullptr) std::abort();
  return found;
}

}  // namespace

ThreadCounts counts_of_this_thread() {
  return counts;
}

}  // namespace feedwatch::bench

using feedwatch::bench::behind;
using feedwatch::bench::counts;

extern "C" {

void* malloc(std::size_t size) noexcept {
  ++counts.allocations;
  return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) noexcept {
  ++counts.allocations;
  return __libc_calloc(count, size);
}
void* realloc(void* block, std::size_t size) noexcept {
  ++counts.allocations;
  return __libc_realloc(block, size);
}
void* memalign(std::size_t alignment, std::size_t size) noexcept {
  ++counts.allocations;
  return __libc_memalign(alignment, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
  return memalign(alignment, size);
}
int posix_memalign(void** block, std::size_t alignment, std::size_t size) noexcept {
  *block = memalign(alignment, size);
  return *block == nullptr ? ENOMEM : 0;
}

int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept {
  static auto* const lock = behind<int(pthread_mutex_t*)>("pthread_mutex_lock");
  ++counts.locks;
  return lock(mutex);
}
int pthread_mutex_trylock(pthread_mutex_t* mutex) noexcept {
  static auto* const lock = behind<int(pthread_mutex_t*)>("pthread_mutex_trylock");
  ++counts.locks;
  return lock(mutex);
}
int pthread_rwlock_rdlock(pthread_rwlock_t* mutex) noexcept {
  static auto* const lock = behind<int(pthread_rwlock_t*)>("pthread_rwlock_rdlock");
  ++counts.locks;
  return lock(mutex);
}
int pthread_rwlock_wrlock(pthread_rwlock_t* mutex) noexcept {
  static auto* const lock = behind<int(pthread_rwlock_t*)>("pthread_rwlock_wrlock");
  ++counts.locks;
  return lock(mutex);
}

}  // extern "C"
