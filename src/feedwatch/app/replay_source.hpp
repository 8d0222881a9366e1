#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "feedwatch/capture/reader.hpp"

namespace feedwatch::app {

/// The files of one recording as one.
class ReplaySource {
 public:
  /// Directories become the recordings in them, in the order of their names, unfinished ones last.
  /// Opens the first file.
  static Result<ReplaySource> open(const std::vector<std::string>& files);

  /// nullopt at the end. A damaged file gives its sound records first, then the error. So does one
  /// whose time leaps ahead by more than a week: every deadline on the way would be served.
  Result<std::optional<capture::Record>> next();
  /// After an error: the file ends inside a record, as a crash of its writer leaves it.
  bool broken_off() const { return reader_->broken_off(); }

 private:
  Result<void> open_next();
  Result<void> check_time(const capture::Record& record);

  std::vector<std::string> files_;
  std::size_t next_ = 0;
  std::unique_ptr<capture::Reader> reader_;
  std::optional<std::int64_t> latest_;  ///< ns; of records so far, on the clock they are judged by
};

}  // namespace feedwatch::app
