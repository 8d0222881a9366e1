#include "feedwatch/app/disk_watch.hpp"

#include <sys/statvfs.h>

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <optional>
#include <thread>

#include "feedwatch/base/time.hpp"

namespace feedwatch::app {

namespace {

constexpr std::chrono::seconds every{10};
using Places = std::vector<std::pair<std::string, std::filesystem::path>>;

std::filesystem::path nearest_existing(std::filesystem::path path) {
  std::error_code error;
  while (path.has_relative_path() && !std::filesystem::exists(path, error)) {
    path = path.parent_path();
  }
  return path.empty() ? std::filesystem::path(".") : path;
}

std::vector<health::DiskEvidence> look(const Places& places) {
  std::vector<health::DiskEvidence> found;
  for (const auto& [what, path] : places) found.push_back(disk_usage(what, path));
  return found;
}

}  // namespace

health::DiskEvidence disk_usage(std::string what, const std::filesystem::path& path) {
  health::DiskEvidence disk{.what = std::move(what), .path = path.string(), .error = {}};
  struct statvfs usage{};
  if (::statvfs(nearest_existing(path).c_str(), &usage) != 0) {
    disk.error = std::strerror(errno);
    return disk;
  }
  disk.free_bytes = std::uint64_t{usage.f_bavail} * usage.f_frsize;
  disk.total_bytes = std::uint64_t{usage.f_blocks} * usage.f_frsize;
  return disk;
}

/// Outlives the watch when its thread hangs in the kernel.
struct DiskWatch::Shared {
  explicit Shared(Places where) : places(std::move(where)) {}

  const Places places;
  std::mutex mutex;
  std::condition_variable wake;
  bool stopping = false;
  bool looking = false;
  std::vector<health::DiskEvidence> found;
  std::optional<MonoTime> found_at;
  std::thread thread;
};

DiskWatch::DiskWatch(Places places, const Clock& clock)
    : shared_(std::make_shared<Shared>(std::move(places))), clock_(clock) {
  shared_->found = look(shared_->places);
  shared_->found_at = clock.now();
  shared_->thread = std::thread([shared = shared_, &clock] {
    std::unique_lock lock(shared->mutex);
    while (!shared->wake.wait_for(lock, every, [&] { return shared->stopping; })) {
      shared->looking = true;
      lock.unlock();
      std::vector<health::DiskEvidence> found = look(shared->places);
      lock.lock();
      shared->looking = false;
      if (shared->stopping) return;
      shared->found = std::move(found);
      shared->found_at = clock.now();
    }
  });
}

DiskWatch::~DiskWatch() {
  bool hangs = false;
  {
    const std::scoped_lock lock(shared_->mutex);
    shared_->stopping = true;
    hangs = shared_->looking;
  }
  shared_->wake.notify_all();
  hangs ? shared_->thread.detach() : shared_->thread.join();
}

std::vector<health::DiskEvidence> DiskWatch::evidence() const {
  const std::scoped_lock lock(shared_->mutex);
  std::vector<health::DiskEvidence> found = shared_->found;
  if (clock_.now() - *shared_->found_at <= 2 * every) return found;
  for (health::DiskEvidence& disk : found) {
    disk.error = "the file systems have not answered for over 20 s";
  }
  return found;
}

}  // namespace feedwatch::app
