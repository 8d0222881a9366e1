#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "feedwatch/base/time.hpp"
#include "feedwatch/protect/pulse_source.hpp"
#include "feedwatch/signals/message.hpp"

namespace feedwatch::signals {

/// Messages by type, and how many of each could not be read: in all, and of the last five to ten
/// minutes. Told the time; single owner.
class Tally {
 public:
  static constexpr Duration window = 5min;

  /// What is unreadable of a type beyond one in a hundred.
  struct Finding {
    MessageType type{};
    std::uint64_t failed = 0, of = 0;
    MonoTime since{};  ///< the first of them
    std::string why;   ///< of the newest
  };

  void received(MessageType type, MonoTime now) { count(type, std::nullopt, now); }
  void failed(const Unreadable& message, MonoTime now) { count(message.type, message.why, now); }

  /// The worst, if there is any.
  std::optional<Finding> finding(MonoTime now) const;
  std::vector<PulseSource::Count> totals() const;

 private:
  static constexpr std::size_t types = message_type_words.size();
  struct Counts {
    std::uint64_t received = 0, failed = 0;
  };
  struct Row {
    Counts total, current, previous;
    MonoTime since{};
    std::string why;
  };

  void count(MessageType type, const std::optional<std::string>& why, MonoTime now);
  void roll(MonoTime now);
  Counts recent(const Row& row, MonoTime now) const;

  std::array<Row, types> rows_{};
  std::optional<MonoTime> begun_;  ///< of the current window
};

}  // namespace feedwatch::signals
