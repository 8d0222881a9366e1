#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "feedwatch/capture/reader.hpp"
#include "feedwatch/replay/judge.hpp"

namespace feedwatch::replay {

struct PlayCounts {
  std::uint64_t records = 0;
  std::uint64_t frames = 0;   ///< messages handed to the shard
  std::uint64_t skipped = 0;  ///< messages nobody was connected for
  std::uint64_t said = 0;     ///< dials, messages, questions of the shard that were compared
  std::uint64_t lost = 0;     ///< records the recording says are missing
};

/// Feeds one recording, record by record in their order, to a Judge.
class Player {
 public:
  virtual ~Player() = default;
  /// The error is about the record: it belongs to another recording or makes no sense here. Nothing
  /// is to be fed after one.
  virtual Result<void> take(const capture::Record& record) = 0;
  /// The recording is over: what was due before its last moment is judged.
  virtual Result<void> finish() = 0;

  virtual const Judge& judge() const = 0;
  virtual const PlayCounts& counts() const = 0;
  /// What was said otherwise than when it was recorded, first time; absent: the same judgements.
  virtual std::optional<std::string> divergence() const = 0;
};

/// For recordings of our own from their first file on, with the configuration they were made with.
std::unique_ptr<Player> exact_player(JudgeOptions options);

/// For recordings of our own judged by something else than what they were made with, or from a
/// later file on: deadlines are served when they are due; a dial gets the oldest recorded
/// connection of its address that nobody has, open at once if it stands, else when it opened.
/// Questions to REST get the answer recorded next, or none within their time.
std::unique_ptr<Player> free_player(JudgeOptions options);

/// For others' captures: every dial opens at once, requests and pings are answered by the venue's
/// own side, and every message reaches all lines of the venue it came from. Times are the
/// recorder's; without any, ten messages a second. Its anchor lies capture_lead before the first
/// message: dials are spread a little, and a first snapshot must not be missed.
constexpr Duration capture_lead = 3s;
std::unique_ptr<Player> capture_player(JudgeOptions options);

}  // namespace feedwatch::replay
