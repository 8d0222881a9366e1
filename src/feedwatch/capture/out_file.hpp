#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>

#include "feedwatch/base/error.hpp"

namespace feedwatch::capture {

/// A file written front to back under a temporary name, which it loses when it is whole. Errors
/// name the file. One thread.
class OutFile {
 public:
  virtual ~OutFile() = default;
  /// Fails when there is a file of the name, finished or not.
  static Result<std::unique_ptr<OutFile>> create(const std::filesystem::path& path,
                                                 bool compressed);

  virtual Result<void> write(std::string_view bytes) = 0;
  /// What was written is the system's; a compressed file can be read up to here.
  virtual Result<void> flush() = 0;
  /// Ends the file, syncs it to disk and gives it its name.
  virtual Result<void> finish() = 0;
  /// Given to the system so far.
  virtual std::uint64_t bytes() const = 0;
};

}  // namespace feedwatch::capture
