#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/base/ports/journal.hpp"
#include "feedwatch/base/time.hpp"

namespace feedwatch::alert {

/// `info` wakes nobody: the Watchdog, and rules of the configuration that say so.
enum class Severity : std::uint8_t { info, warning, critical };

constexpr std::string_view to_text(Severity severity) {
  constexpr std::array<std::string_view, 3> words{"info", "warning", "critical"};
  return words[static_cast<std::size_t>(severity)];
}
/// The inverse; what is no severity of ours is a warning.
constexpr Severity severity_from_text(std::string_view text) {
  for (const Severity severity : {Severity::info, Severity::critical}) {
    if (text == to_text(severity)) return severity;
  }
  return Severity::warning;
}

enum class State : std::uint8_t { pending, firing, resolved };

constexpr std::string_view to_text(State state) {
  constexpr std::array<std::string_view, 3> words{"pending", "firing", "resolved"};
  return words[static_cast<std::size_t>(state)];
}

/// A condition a rule found true, and what it has to do with other alerts. The last three lists
/// hold identities.
struct Finding {
  std::string name;      ///< "price_staleness"
  Labels labels;         ///< scope, sorted by name
  std::string identity;  ///< identity_of(name, labels)
  Severity severity = Severity::warning;
  MonoTime since{};  ///< when the condition became true
  Duration hold{};   ///< it has to be true for this long before it fires
  std::string message;
  std::string metadata = "{}";            ///< JSON object
  std::vector<std::string> explained_by;  ///< held back while one of these is pending or firing
  std::vector<std::string> yields_to;     ///< held back while one of these fires and is still true
  std::vector<std::string> replaces;      ///< resolved the moment this one fires
  /// Told again this often while it fires; zero = as often as any other.
  Duration repeat{};
};

/// Somebody has taken an alert on: it is not repeated, until it is raised or ends.
struct Ack {
  WallTime at{};
  std::string by, comment;
};

/// One alert from its condition to its end.
struct Alert {
  std::string id;  ///< unique for ever
  std::string name;
  std::string identity;
  Labels labels;
  Severity severity = Severity::warning;
  State state = State::pending;
  std::string message;
  std::string metadata = "{}";
  MonoTime started{};  ///< when the condition became true
  MonoTime opened{};   ///< when it fired
  MonoTime updated{};
  std::optional<MonoTime> resolved;
  std::optional<Ack> ack;
};

/// What happened to an alert, with the alert as it is afterwards.
struct Change {
  enum class Type : std::uint8_t {
    pending,
    fired,
    raised,
    repeated,
    resolved,
    acknowledged,
    unacknowledged
  };
  Type type = Type::pending;
  Alert alert;
  MonoTime at{};
};

/// Notice::news.
constexpr std::string_view to_text(Change::Type type) {
  constexpr std::array<std::string_view, 5> words{"pending", "fired", "raised", "repeated",
                                                  "resolved"};
  return words[static_cast<std::size_t>(type)];
}

}  // namespace feedwatch::alert
