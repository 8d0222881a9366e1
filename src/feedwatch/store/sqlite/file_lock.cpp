#include "feedwatch/store/sqlite/file_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>

namespace feedwatch::store {
namespace {

std::string holder_of(int fd) {
  std::array<char, 32> text{};
  const ssize_t n = ::pread(fd, text.data(), text.size() - 1, 0);
  std::string pid(text.data(), n > 0 ? static_cast<std::size_t>(n) : 0U);
  while (!pid.empty() && pid.back() == '\n') pid.pop_back();
  return pid.empty() ? "another process" : "process " + pid;
}

/// Two names of one file must meet in one lock.
std::string lock_path(const std::filesystem::path& database) {
  std::error_code unresolved;
  const std::filesystem::path real = std::filesystem::weakly_canonical(database, unresolved);
  return (unresolved ? database : real).string() + ".lock";
}

}  // namespace

std::string FileLock::holder(const std::filesystem::path& database) {
  const int fd = ::open(lock_path(database).c_str(), O_RDONLY | O_CLOEXEC);  // NOLINT: POSIX open
  if (fd < 0) return {};
  const FileLock closes(fd);
  return ::flock(fd, LOCK_SH | LOCK_NB) == 0 ? std::string{} : holder_of(fd);
}

Result<FileLock> FileLock::take(const std::filesystem::path& database) {
  const std::string path = lock_path(database);
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);  // NOLINT: POSIX open
  if (fd < 0) {
    return std::unexpected(Error{"database " + database.string(),
                                 "cannot create " + path + ": " + std::strerror(errno),
                                 "make its directory writable for the user feedwatch runs as, or "
                                 "give another file in [store] url"});
  }
  FileLock lock(fd);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    return std::unexpected(Error{"database " + database.string(), "is in use by " + holder_of(fd),
                                 "stop the other feedwatch, or give another file in [store] url"});
  }
  const std::string pid = std::to_string(::getpid()) + "\n";
  // The number is a courtesy to whoever meets the lock; without it the lock holds all the same.
  if (::ftruncate(fd, 0) == 0 && ::pwrite(fd, pid.data(), pid.size(), 0) < 0) errno = 0;
  return lock;
}

FileLock::~FileLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace feedwatch::store
