#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "feedwatch/base/ports/clock.hpp"
#include "feedwatch/health/evidence.hpp"

namespace feedwatch::app {

/// How full one file system is; of a path that does not exist, its nearest folder that does.
health::DiskEvidence disk_usage(std::string what, const std::filesystem::path& path);

/// Asks every ten seconds how full the disks are, on a thread of its own: a file system that hangs
/// hangs nobody else, and what it said last counts for no more than two of these periods. Thread-
/// safe; destruction does not wait for a disk that hangs.
class DiskWatch {
 public:
  /// Name and path of each place. `clock` must outlive the program's threads.
  DiskWatch(std::vector<std::pair<std::string, std::filesystem::path>> places, const Clock& clock);
  ~DiskWatch();
  DiskWatch(const DiskWatch&) = delete;
  DiskWatch& operator=(const DiskWatch&) = delete;

  std::vector<health::DiskEvidence> evidence() const;

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
  const Clock& clock_;
};

}  // namespace feedwatch::app
