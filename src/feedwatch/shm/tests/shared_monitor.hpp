#pragma once

#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

#include "feedwatch/monitor/monitor.hpp"
#include "feedwatch/shm/identity.hpp"
#include "feedwatch/shm/segment_file.hpp"

namespace feedwatch::shm::test {

/// A directory of one test's own, gone with its owner.
class Scratch {
 public:
  Scratch() {
    std::string pattern = std::filesystem::temp_directory_path() / "feedwatch-shm-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) {
      throw std::system_error(errno, std::generic_category(), pattern);
    }
    path = pattern;
  }
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  std::filesystem::path path;
};

inline SegmentOptions segment_options(const std::filesystem::path& directory,
                                      std::uint64_t epoch = 1, std::size_t streams = 64) {
  SegmentOptions options{.name = "board", .directory = directory, .max_streams = streams};
  options.identity = this_process(wall_from_ns(static_cast<std::int64_t>(epoch))).value();
  return options;
}

/// A monitor whose board others read, with the virtual time of its test.
class SharedMonitor {
 public:
  explicit SharedMonitor(const SegmentOptions& options) {
    auto created = SegmentFile::create(options);
    if (!created) throw std::runtime_error(created.error().text());
    segment = created->get();
    monitor = std::make_unique<Monitor>(MonitorOptions{.capacity = options.max_streams,
                                                       .memory = std::move(*created),
                                                       .identity = options.identity});
    monitor->beat(now);
    if (auto published = segment->publish(); !published) {
      throw std::runtime_error(published.error().text());
    }
  }

  StreamId add(std::string_view text) {
    StreamOptions options;
    options.key = StreamKey::parse(text).value();
    options.policy.degraded_after = 3s;
    options.policy.stale_after = 10s;
    return monitor->add_stream(options, now).value();
  }
  void send(std::string_view text, std::string_view price) {
    monitor->update_price(StreamKey::parse(text).value(), Decimal::parse(price).value(),
                          {.mono_recv = now});
  }
  void wait(Duration d) {
    now += d;
    monitor->beat(now);
  }

  MonoTime now = boot_now();
  SegmentFile* segment = nullptr;
  std::unique_ptr<Monitor> monitor;
};

}  // namespace feedwatch::shm::test
