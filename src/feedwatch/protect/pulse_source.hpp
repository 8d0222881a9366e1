#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/base/time.hpp"

namespace feedwatch {

/// How far the connection to a source of signals has come. connected: it is open, and the source
/// has not asked for the token yet. authenticated: signals may come.
enum class SourceState : std::uint8_t {
  disconnected,
  connecting,
  connected,
  authenticating,
  authenticated
};
constexpr std::string_view to_text(SourceState state) {
  constexpr std::array<std::string_view, 5> words{"disconnected", "connecting", "connected",
                                                  "authenticating", "authenticated"};
  return words[static_cast<std::size_t>(state)];
}

/// What is wrong with a source; the first that is true of: it refuses our token, there is no
/// connection that stands, more than one in a hundred of its messages of a type cannot be read,
/// connections are lost again and again.
enum class SourceTrouble : std::uint8_t { none, rejected, disconnected, unreadable, flapping };
constexpr std::string_view to_text(SourceTrouble trouble) {
  constexpr std::array<std::string_view, 5> words{"none", "rejected", "disconnected", "unreadable",
                                                  "flapping"};
  return words[static_cast<std::size_t>(trouble)];
}

/// The connection over which a pulse is heard, where we are the ones who listen; at one instant.
/// Nothing in it is secret.
struct PulseSource {
  struct Count {
    std::string_view type;  ///< of messages; static text
    std::uint64_t received = 0, failed = 0;
  };

  SourceState state = SourceState::disconnected;
  SourceTrouble trouble = SourceTrouble::none;
  std::string why;                      ///< for people: what the trouble is; empty = none
  std::optional<MonoTime> since;        ///< when the trouble began
  std::optional<MonoTime> next_dial;    ///< disconnected: when it is tried again
  std::optional<MonoTime> heard;        ///< newest message that could be read, whatever it said
  std::uint64_t signals = 0;            ///< new ones
  std::uint64_t repeated = 0;           ///< told before, or by whoever kept them: no sign of life
  std::uint64_t dials = 0, losses = 0;  ///< losses: of connections that were authenticated
  std::uint64_t rejections = 0;         ///< of our token
  std::vector<Count> messages;          ///< by type
};

}  // namespace feedwatch
