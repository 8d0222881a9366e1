#pragma once

#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>
#include <vector>

#include "feedwatch/base/ports/clock.hpp"
#include "feedwatch/capture/reader.hpp"
#include "feedwatch/capture/tap.hpp"

namespace feedwatch::capture {

/// A clock that stands until it is moved.
class HandClock final : public Clock {
 public:
  MonoTime now() const override { return now_; }
  WallTime wall_now() const override { return wall_from_ns(1'786'310'818'123'456'789) + passed(); }
  void pass(Duration time) { now_ += time; }
  void step_wall(Duration by) { stepped_ += by; }

 private:
  static constexpr MonoTime begin{500s};
  Duration passed() const { return now_ - begin + stepped_; }
  Duration stepped_{};
  MonoTime now_ = begin;
};

/// A directory of one test's own.
class Folder {
 public:
  Folder() {
    std::string pattern = std::filesystem::temp_directory_path() / "feedwatch-capture-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) {
      throw std::system_error(errno, std::generic_category(), pattern);
    }
    path_ = pattern;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  /// Names in it, sorted.
  std::vector<std::string> names() const {
    std::vector<std::string> out;
    for (const auto& entry : std::filesystem::directory_iterator(path_)) {
      out.push_back(entry.path().filename().string());
    }
    std::ranges::sort(out);
    return out;
  }

 private:
  std::filesystem::path path_;
};

/// Lines in memory, as many as there is room for.
class MemoryLines final : public LineSink {
 public:
  bool take(RecordedLine line) override {
    if (lines.size() >= room) return false;
    lines.push_back(std::move(line));
    return true;
  }
  std::string text() const {
    std::string out;
    for (const RecordedLine& line : lines) out += line.text;
    return out;
  }

  std::vector<RecordedLine> lines;
  std::size_t room = 1'000'000;
};

/// One record with everything it refers to.
struct Kept {
  Direction direction = Direction::received;
  std::optional<WallTime> ts;
  std::string connection, address, text;
  bool binary = false;
  std::optional<Session> session;
};

struct Contents {
  std::vector<Kept> records;
  std::string error;
  bool broken_off = false;

  std::vector<SessionEvent> events() const {
    std::vector<SessionEvent> out;
    for (const Kept& kept : records) {
      if (kept.session) out.push_back(kept.session->event);
    }
    return out;
  }
};

inline Contents contents_of(Result<std::unique_ptr<Reader>> reader) {
  Contents contents;
  for (;;) {
    auto record = reader ? (*reader)->next() : std::unexpected(reader.error());
    if (!record) contents.error = record.error().text();
    contents.broken_off = reader && (*reader)->broken_off();
    if (!record || !*record) return contents;
    const Record& seen = **record;
    contents.records.push_back(
        {.direction = seen.direction,
         .ts = seen.ts,
         .connection = std::string(seen.connection),
         .address = std::string(seen.address),
         .text = std::string(seen.text),
         .binary = seen.binary,
         .session = seen.session != nullptr ? std::optional(*seen.session) : std::nullopt});
  }
}

}  // namespace feedwatch::capture
