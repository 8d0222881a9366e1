#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "feedwatch/capture/recording_files.hpp"

namespace feedwatch::capture {

/// A recording that is being written, on a thread of its own: whoever hands lines over never waits
/// for the disk. At most `capacity` bytes wait; beyond that lines are refused. A file that cannot
/// be written ends the recording with one error and harms nobody: lines are refused from then on.
///
/// begin(), finish() and destruction belong to one thread, take() to any.
class Recording final : public LineSink {
 public:
  static constexpr std::size_t capacity = 64U << 20U;

  /// `on_error` is called at most once, on the recording's thread.
  Recording(RecordingOptions options, const Clock& clock, WallAnchor anchor,
            std::function<void(const Error&)> on_error);
  ~Recording() override;
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

  /// Opens the first file, then starts the thread.
  Result<void> begin(std::string header);
  [[nodiscard]] bool take(RecordedLine line) override;
  /// Writes what waits and ends the last file. The error is the one of on_error, if there was any.
  Result<void> finish();
  /// Whether it has ended with an error. Any thread.
  bool failed() const;
  /// Files written. After finish().
  std::uint64_t files() const { return files_.files(); }

 private:
  void run();
  Result<void> write(std::deque<RecordedLine> lines);
  void fail(Error error);

  RecordingFiles files_;
  std::function<void(const Error&)> on_error_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<RecordedLine> waiting_;
  std::size_t waiting_bytes_ = 0;
  bool stopping_ = false;
  std::optional<Error> error_;
  std::thread thread_;
};

}  // namespace feedwatch::capture
