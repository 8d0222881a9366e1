#pragma once

#include <filesystem>
#include <string>
#include <utility>

#include "feedwatch/base/error.hpp"

namespace feedwatch::store {

/// Keeps a second feedwatch away from a database: flock on "<file>.lock", which holds our process
/// id for people. Two writers would each keep their own idea of which alerts are open. The system
/// drops the lock when the process dies; the file stays.
class FileLock {
 public:
  static Result<FileLock> take(const std::filesystem::path& database);
  /// Who has the lock of a database now: "process 123"; empty when nobody has.
  static std::string holder(const std::filesystem::path& database);
  FileLock(FileLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileLock& operator=(FileLock&&) = delete;
  ~FileLock();

 private:
  explicit FileLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace feedwatch::store
