#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "feedwatch/base/error.hpp"
#include "feedwatch/base/ports/clock.hpp"
#include "feedwatch/capture/out_file.hpp"
#include "feedwatch/capture/rotation.hpp"
#include "feedwatch/capture/tap.hpp"

namespace feedwatch::capture {

struct RecordingOptions {
  std::filesystem::path directory;  ///< made when it is not there
  Rotation rotation;
  bool compress = true;
};

/// The files of one recording: each begins with the header and with the connections that stand, so
/// that it can be read alone. Names tell the anchored wall time, which no step of the wall clock
/// moves. One thread. After an error nothing is written any more.
class RecordingFiles {
 public:
  RecordingFiles(RecordingOptions options, const Clock& clock, WallAnchor anchor);
  ~RecordingFiles();
  RecordingFiles(const RecordingFiles&) = delete;
  RecordingFiles& operator=(const RecordingFiles&) = delete;

  /// Opens the first file.
  Result<void> begin(std::string header);
  /// Begins a new file first when it is time.
  Result<void> write(const RecordedLine& line);
  Result<void> flush();
  /// Ends the last file.
  Result<void> finish();

  std::uint64_t files() const { return number_; }

 private:
  Result<void> open();
  Result<void> close();
  Result<void> rotate_when_due();
  void remove_superfluous();

  RecordingOptions options_;
  const Clock& clock_;
  WallAnchor anchor_;
  std::string header_;
  std::unique_ptr<OutFile> file_;
  MonoTime opened_{};
  std::uint64_t number_ = 0;
  std::string name_;                           ///< of the file being written
  std::vector<std::string> finished_;          ///< the newest that are kept, oldest first
  std::map<ConnId, std::string> connections_;  ///< the first line of each that stands
};

}  // namespace feedwatch::capture
