#pragma once

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <new>
#include <stdexcept>

#include "feedwatch/base/time.hpp"
#include "feedwatch/shm/identity.hpp"

namespace feedwatch::shm::test {

/// A process that runs `body` in a copy of this one, and dies with its owner. No output, no tests
/// inside: what it finds goes through Common.
class Child {
 public:
  explicit Child(const std::function<void()>& body) : pid_(::fork()) {
    if (pid_ < 0) throw std::runtime_error("fork failed");
    if (pid_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    body();
    ::_exit(0);
  }
  ~Child() { kill(); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  void signal(int number) const { ::kill(pid_, number); }
  /// At once, whatever it does; gone when this returns.
  void kill() {
    if (pid_ <= 0) return;
    signal(SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  /// Its wait status at the end.
  int wait() {
    int status = -1;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return status;
  }

 private:
  pid_t pid_;
};

/// A T that this process and its children share.
template <class T>
class Common {
 public:
  Common() {
    void* at =
        ::mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) throw std::bad_alloc();
    value_ = ::new (at) T{};
  }
  ~Common() { ::munmap(value_, sizeof(T)); }
  Common(const Common&) = delete;
  Common& operator=(const Common&) = delete;
  T* operator->() const { return value_; }
  T& operator*() const { return *value_; }

 private:
  T* value_;
};

/// Looks again and again until the answer is yes; no once the limit has passed.
inline bool wait_for(const std::function<bool()>& condition, Duration limit = 20s) {
  const MonoTime give_up = boot_now() + limit;
  while (!condition()) {
    if (boot_now() > give_up) return false;
    ::usleep(200);
  }
  return true;
}

/// A number from the environment: how long, how often.
inline int number_from(const char* variable, int otherwise) {
  const char* text = std::getenv(variable);
  return text != nullptr ? std::atoi(text) : otherwise;
}

}  // namespace feedwatch::shm::test
