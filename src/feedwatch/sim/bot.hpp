#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/base/ports/journal.hpp"
#include "feedwatch/engine/control.hpp"
#include "feedwatch/sim/event_log.hpp"
#include "feedwatch/sim/host.hpp"

namespace feedwatch::sim {

/// What it does with what is proposed to it.
enum class BotMode : std::uint8_t { confirms, rejects, ignores };
constexpr std::array<std::string_view, 3> bot_words{"confirms", "rejects", "ignores"};

/// Whoever trades on what the monitor decides: told each decision once it is written, it answers
/// proposals a moment later. It keeps what it was told, by key, as a good bot does.
class Bot {
 public:
  static constexpr Duration answer_time = 200ms;

  struct Parts {
    VirtualClock& clock;
    Host& host;
    EventLog& log;
  };
  /// `answer` is called on the host.
  using Answer = std::function<void(const PositionKey&, std::uint64_t number, bool confirmed)>;
  Bot(Parts parts, Answer answer) : parts_(parts), answer_(std::move(answer)) {}

  void set_mode(BotMode mode) { mode_ = mode; }
  void on_decision(const PositionDecisionRow& row);

  /// In the order told, each key once.
  const std::vector<PositionDecisionRow>& decisions() const { return decisions_; }
  /// What is wrong with what it was told, first first: another content under a known key, a number
  /// that does not rise.
  const std::vector<std::string>& complaints() const { return complaints_; }

 private:
  Parts parts_;
  Answer answer_;
  BotMode mode_ = BotMode::confirms;
  std::vector<PositionDecisionRow> decisions_;
  std::map<std::string, std::size_t> by_key_;
  /// Of each position as it was registered, the newest.
  std::map<std::string, std::int64_t> numbers_;
  std::vector<std::string> complaints_;
};

}  // namespace feedwatch::sim
