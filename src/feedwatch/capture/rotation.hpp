#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/base/time.hpp"

/// When a recording begins a new file, what the file is called, and which old ones go: decisions
/// without files.
namespace feedwatch::capture {

struct Rotation {
  std::uint64_t size = 256U << 20U;  ///< bytes on disk
  Duration every = 1h;
  std::size_t keep = 0;  ///< finished files kept, those of earlier recordings included; 0 = all

  /// Whether a file of so many bytes, opened then, is to be followed by a new one.
  bool due(std::uint64_t bytes, MonoTime opened, MonoTime now) const {
    return bytes >= size || now - opened >= every;
  }
};

/// "feedwatch-20261126T204108.123Z-0001.jsonl.zst"
std::string recording_name(WallTime begun, std::uint64_t number, bool compressed);
bool is_recording_name(std::string_view name);
/// Two names of recordings, finished or not: by time, then by number.
bool is_earlier_recording(std::string_view one, std::string_view other);
/// While a file is being written its name ends so.
constexpr std::string_view unfinished_suffix = ".part";

/// Names of recordings beyond the newest `keep`, oldest first. Other names are left alone. `ours`,
/// oldest first, are newer than all others whatever their names say: the wall clock may have been
/// ahead when those were made.
std::vector<std::string> superfluous(std::vector<std::string> names,
                                     const std::vector<std::string>& ours, std::size_t keep);

}  // namespace feedwatch::capture
