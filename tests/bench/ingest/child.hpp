#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "feedwatch/base/time.hpp"
#include "feedwatch/net/socket.hpp"

namespace feedwatch::bench::ingest {

/// A process of ours on one core; killed and reaped with this object.
class Child {
 public:
  Child(const std::vector<std::string>& command, int core);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  Duration cpu() const;         ///< user and system time of all its threads
  double anonymous_mb() const;  ///< resident, not backed by files
  /// What it has printed until the end of a line; throws when it says nothing in time.
  std::string line(Duration patience) const;

 private:
  pid_t pid_ = -1;
  net::Fd said_;
};

/// Goes with this object, with all that is in it.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// The calling thread, from here on.
void stay_on_core(int core);
/// Back to where the scheduler puts it.
void leave_core();

}  // namespace feedwatch::bench::ingest
