#include "feedwatch/capture/recording.hpp"

#include <chrono>
#include <utility>

namespace feedwatch::capture {

namespace {

/// After a crash at most so much is missing.
constexpr std::chrono::milliseconds flush_every{500};

}  // namespace

Recording::Recording(RecordingOptions options, const Clock& clock, WallAnchor anchor,
                     std::function<void(const Error&)> on_error)
    : files_(std::move(options), clock, anchor), on_error_(std::move(on_error)) {}

Recording::~Recording() {
  static_cast<void>(finish());
}

Result<void> Recording::begin(std::string header) {
  if (auto begun = files_.begin(std::move(header)); !begun) return begun;
  thread_ = std::thread([this] { run(); });
  return {};
}

bool Recording::take(RecordedLine line) {
  {
    const std::scoped_lock lock(mutex_);
    if (error_ || stopping_ || waiting_bytes_ + line.text.size() > capacity) return false;
    waiting_bytes_ += line.text.size();
    waiting_.push_back(std::move(line));
    // Whoever writes wakes up by itself soon enough; a wake-up for each line would cost the caller.
    if (waiting_bytes_ < capacity / 4) return true;
  }
  wake_.notify_one();
  return true;
}

Result<void> Recording::finish() {
  if (thread_.joinable()) {
    {
      const std::scoped_lock lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }
  if (error_) return std::unexpected(*error_);
  return {};
}

bool Recording::failed() const {
  const std::scoped_lock lock(mutex_);
  return error_.has_value();
}

void Recording::run() {
  for (;;) {
    std::deque<RecordedLine> lines;
    bool last = false;
    {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, flush_every,
                     [this] { return stopping_ || waiting_bytes_ >= capacity / 4; });
      lines.swap(waiting_);
      waiting_bytes_ = 0;
      last = stopping_;
    }
    Result<void> done = write(std::move(lines));
    if (done && last) done = files_.finish();
    if (!done) return fail(std::move(done.error()));
    if (last) return;
  }
}

Result<void> Recording::write(std::deque<RecordedLine> lines) {
  for (const RecordedLine& line : lines) {
    if (auto written = files_.write(line); !written) return written;
  }
  return files_.flush();
}

void Recording::fail(Error error) {
  {
    const std::scoped_lock lock(mutex_);
    error_ = error;
    waiting_.clear();
    waiting_bytes_ = 0;
  }
  on_error_(error);
}

}  // namespace feedwatch::capture
