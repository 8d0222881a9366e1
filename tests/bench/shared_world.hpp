#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

#include "feedwatch/shm/mapping.hpp"

namespace feedwatch::bench {

/// A world in a process of its own, on a board that others read, one tick old. Its writer says
/// every 100 ms that it lives, as the engine does, until this goes.
class SharedWorld {
 public:
  explicit SharedWorld(std::size_t streams);
  ~SharedWorld();
  SharedWorld(const SharedWorld&) = delete;
  SharedWorld& operator=(const SharedWorld&) = delete;

  bool lives() const { return lives_; }  ///< the process has published its board
  std::string path() const { return directory_ / name; }
  /// As the board names stream `place`.
  static std::string stream(std::size_t place);

 private:
  static constexpr const char* name = "board";
  [[noreturn]] void write(std::size_t streams, int ready, int stop) const;

  std::filesystem::path directory_;
  pid_t writer_ = -1;
  shm::Descriptor running_;  ///< closed, it ends the writer
  bool lives_ = false;
};

}  // namespace feedwatch::bench
