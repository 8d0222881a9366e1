#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

namespace feedwatch::bench {

/// What the feed's thread of the product under test says of itself, in memory that whoever measures
/// it sees as well: telling costs the thread neither a lock nor a system call.
struct FeedRecord {
  static constexpr std::size_t room = 1U << 18U;

  std::atomic<std::uint32_t> api_port{0};  ///< 0: not yet started
  std::atomic<std::uint64_t> heard{0};     ///< calls of the subscriber so far
  /// Of the thread, at the newest call.
  std::atomic<std::uint64_t> allocations{0}, locks{0};
  /// From the send to the call, of the newest `room` calls: call n at n % room. Nanoseconds.
  std::array<std::uint32_t, room> ages{};
};

/// A record in a file of both processes; zeroes at first. Throws when there is none to be had.
class SharedFeedRecord {
 public:
  explicit SharedFeedRecord(const std::string& path);
  ~SharedFeedRecord();
  SharedFeedRecord(const SharedFeedRecord&) = delete;
  SharedFeedRecord& operator=(const SharedFeedRecord&) = delete;

  FeedRecord& operator*() const { return *record_; }
  FeedRecord* operator->() const { return record_; }

 private:
  FeedRecord* record_ = nullptr;
};

}  // namespace feedwatch::bench
