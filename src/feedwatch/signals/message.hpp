#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/base/time.hpp"

/// What a source of signals says, and what is said to it. Pure.
namespace feedwatch::signals {

/// unknown: a type we have no use for. unreadable: no JSON object, or one without a type.
enum class MessageType : std::uint8_t {
  auth_required,
  auth_success,
  auth_failed,
  signal,
  signals,
  snapshot,
  heartbeat,
  pong,
  stats,
  error,
  unknown,
  unreadable
};
inline constexpr std::array<std::string_view, 12> message_type_words{
    "auth_required", "auth_success", "auth_failed", "signal", "signals", "signals_snapshot",
    "heartbeat",     "pong",         "stats",       "error",  "unknown", "unreadable"};
constexpr std::string_view to_text(MessageType type) {
  return message_type_words[static_cast<std::size_t>(type)];
}

struct Signal {
  std::uint64_t key = 0;  ///< the same when the same signal is told again
  /// The key is made of its id or its time; else of all it says, and may be two signals'.
  bool named = false;
  std::optional<WallTime> at;  ///< its own time, where it tells one that says of which zone it is
  std::string symbol;          ///< for people; cut
};

struct Message {
  MessageType type = MessageType::unknown;
  std::string text;             ///< auth_failed, error: what it says. unknown: the type. Cut.
  std::vector<Signal> signals;  ///< signal, signals, snapshot
  /// What it says only a source says that sends heartbeats.
  bool announces_heartbeats = false;
};

/// Why a message could not be read; `type` is what it said to be.
struct Unreadable {
  MessageType type = MessageType::unreadable;
  std::string why;
};

using Decoded = std::expected<Message, Unreadable>;

/// Bytes of a message; a larger one is refused unread.
inline constexpr std::size_t max_message = std::size_t{8} << 20U;
/// Signals of one message that are looked at.
inline constexpr std::size_t max_signals = 16'384;
/// Bytes kept of a text a source has sent for people.
inline constexpr std::size_t max_words = 200;

/// A signal is an object: `data` or `signal` of the message, else the message itself. Its id is
/// `id`, `signal_id` or `uuid`; its time `timestamp`, `created_at`, `time` or `ts`, RFC 3339 or a
/// number of seconds, milliseconds, microseconds or nanoseconds since 1970. A time nobody can read
/// makes the message unreadable: whoever acts on signals cannot read it either.
Decoded decode(std::string_view payload);

std::string auth_request(std::string_view token);
/// What the older protocol's sources want to be asked.
std::string signals_request();

}  // namespace feedwatch::signals
