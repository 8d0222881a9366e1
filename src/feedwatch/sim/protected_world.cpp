#include "feedwatch/sim/protected_world.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

namespace feedwatch::sim {
namespace {

constexpr Duration first = 2s;
constexpr Duration held_for = 60s;
constexpr Duration pause = 5s;
constexpr std::size_t max_symbols = 20;
constexpr int max_rounds = 20;  ///< venues count subscriptions: 480 an hour, and a fifth is ours

using Symbol = std::pair<std::string, std::string>;  ///< venue, symbol

std::set<Symbol> symbols_of(const Scenario& scenario) {
  std::set<Symbol> symbols;
  for (const VenueSetup& venue : scenario.world.venues) {
    for (const std::string& stream : venue.streams) {
      if (symbols.size() == max_symbols) return symbols;
      symbols.emplace(venue.name, stream.substr(0, stream.rfind('/')));
    }
  }
  return symbols;
}

/// A market moves by hundredths of prices between 100 and 90,100.
engine::RuleOptions near_rules() {
  engine::RuleOptions rules;
  rules.trailing = TrailingOptions{.activation_percent = Decimal{1, 4},
                                   .callback_percent = Decimal{1, 3},
                                   .breakeven_percent = {},
                                   .large_move_percent = Decimal{2, 3},
                                   .small_move_percent = Decimal{1, 4},
                                   .move_interval = 5s};
  rules.aged = AgedOptions{.max_age = 20s,
                           .grace = 15s,
                           .progressive = 30s,
                           .commission_percent = Decimal{1, 5},
                           .loss_step_percent = Decimal{1, 1},
                           .max_loss_percent = Decimal{1, 0}};
  return rules;
}

class Bots {
 public:
  explicit Bots(Scenario& scenario) : scenario_(scenario) {}

  void trade(const Symbol& symbol) {
    Duration at = first;
    for (int round = 0; round < max_rounds && at + held_for < scenario_.length; ++round) {
      hold(symbol, fmt::format("long-{}", round), Side::buy, at, {});
      hold(symbol, fmt::format("short-{}", round), Side::sell, at, 40s);
      at += held_for + pause;
    }
  }

  /// Mostly it does as it should.
  void be_moody() {
    for (Duration at = first + held_for; at < scenario_.length; at += 3 * held_for) {
      add(at, BotStep{BotMode::ignores});
      add(at + held_for / 2, BotStep{BotMode::rejects});
      add(at + held_for, BotStep{BotMode::confirms});
    }
  }

 private:
  void hold(const Symbol& symbol, std::string id, Side side, Duration at,
            std::optional<Duration> opened) {
    Position position;
    position.venue = symbol.first;
    position.symbol = symbol.second;
    position.id = std::move(id);
    position.side = side;
    position.quantity = Decimal{1, 0};
    PositionStep step{
        .key = key_of(position), .held = {}, .ttl = {}, .if_possible = true, .opened = opened};
    add(at + held_for, step);
    step.held = std::move(position);
    step.at_market = true;
    add(at, std::move(step));
  }
  void add(Duration at, decltype(Step::what) what) {
    scenario_.steps.push_back({.at = at, .line = 0, .what = std::move(what)});
  }

  Scenario& scenario_;
};

}  // namespace

Scenario with_positions(Scenario scenario) {
  scenario.expectations.clear();
  scenario.world.position_rules = near_rules();
  Bots bots(scenario);
  for (const Symbol& symbol : symbols_of(scenario)) bots.trade(symbol);
  bots.be_moody();
  return scenario;
}

}  // namespace feedwatch::sim
