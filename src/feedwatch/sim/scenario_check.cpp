#include "feedwatch/sim/scenario_check.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "feedwatch/sim/fact_check.hpp"
#include "feedwatch/sim/line_reader.hpp"

namespace feedwatch::sim {
namespace {

constexpr std::size_t named_streams = 8;

class Names {
 public:
  explicit Names(const Scenario& scenario) : scenario_(scenario) {
    for (const VenueSetup& venue : scenario.world.venues) {
      for (const std::string& stream : venue.streams) {
        streams_.push_back(venue.name + "/" + stream);
      }
    }
    each<WantStep>([&](const WantStep& step, const Step&) {
      if (step.want) streams_.push_back(step.key.text());
    });
    // Of whatever kind positions are protected by there.
    const auto name_streams = [&](const std::string& venue, const std::string& symbol) {
      for (const Kind kind : {Kind::mark, Kind::quote, Kind::last}) {
        streams_.push_back(StreamKey{venue, symbol, kind}.text());
      }
    };
    each<PositionStep>([&](const PositionStep& step, const Step&) {
      name_streams(step.key.venue, step.key.symbol);
    });
    each<SourceStep>([&](const SourceStep& step, const Step&) {
      for (const Position& each : step.positions) name_streams(each.venue, each.symbol);
    });
  }

  void check(const GlobUse& use) const {
    const bool named = std::ranges::any_of(
        streams_, [&](const std::string& stream) { return names_stream(use.glob, stream); });
    if (named) return;
    fail(use.line, fmt::format("{} names no stream: {}", use.what, use.glob),
         fmt::format("one of: {}", some_streams()));
  }

  void check(const Expectation& expectation) const {
    for (const Fact& fact : expectation.facts) {
      if (!is_about_streams(fact)) continue;
      check({expectation.line, "the fact", fact.subject});
      if (!fact.except.empty()) check({expectation.line, "except", fact.except});
    }
  }

  /// A lease can only be ended by who has it.
  void check_leases() const {
    each<WantStep>([&](const WantStep& step, const Step& at) {
      if (step.want || has_lease(step, at.at)) return;
      fail(at.line, fmt::format("{} has no lease on {}", step.owner, step.key.text()),
           "want it before, by the same owner; what a venue line configures nobody can let go: "
           "write \"also SYMBOL/KIND\" there and want it");
    });
  }

  /// Of a position nobody holds nothing is ever decided.
  void check_positions(const Expectation& expectation) const {
    for (const Fact& fact : expectation.facts) {
      const bool about_one =
          fact.type == Fact::Type::decisions || fact.type == Fact::Type::last_decision;
      if (!about_one || fact.subject.empty()) continue;
      bool held = false;
      each<PositionStep>([&](const PositionStep& step, const Step&) {
        held = held || (step.held && step.key.id == fact.subject);
      });
      each<SourceStep>([&](const SourceStep& step, const Step&) {
        held = held || std::ranges::any_of(step.positions, [&](const Position& position) {
                 return position.id == fact.subject;
               });
      });
      if (!held)
        fail(expectation.line, "nobody holds " + fact.subject, "the id of a hold or source line");
    }
  }

  void check_restores() const {
    each<RestoreStep>([&](const RestoreStep& step, const Step& at) {
      bool found = !step.type && step.symbol.empty();
      each<FaultStep>([&](const FaultStep& fault, const Step&) {
        found =
            found || (fault.venue == step.venue && (!step.type || fault.fault.type == *step.type) &&
                      (step.symbol.empty() || fault.fault.symbol == step.symbol));
      });
      if (found) return;
      fail(at.line, fmt::format("{} has no such fault to restore", step.venue),
           "write the words of a fault line: all, symbol NAME, or FAULT");
    });
  }

 private:
  [[noreturn]] static void fail(int line, std::string why, std::string fix) {
    throw LineError{.why = std::move(why), .fix = std::move(fix), .line = line};
  }

  template <class What, class Fn>
  void each(Fn fn) const {
    for (const Step& step : scenario_.steps) {
      if (const auto* const what = std::get_if<What>(&step.what)) fn(*what, step);
    }
  }

  static bool is_about_streams(const Fact& fact) {
    return fact.is_moment() || fact.type == Fact::Type::level || fact.type == Fact::Type::price ||
           fact.type == Fact::Type::age || fact.type == Fact::Type::confirmed_age;
  }

  bool has_lease(const WantStep& unwant, Duration at) const {
    bool found = false;
    each<WantStep>([&](const WantStep& step, const Step& when) {
      found = found ||
              (step.want && step.key == unwant.key && step.owner == unwant.owner && when.at <= at);
    });
    return found;
  }

  std::string some_streams() const {
    const std::size_t count = std::min(streams_.size(), named_streams);
    return fmt::format(
        "{}{}",
        fmt::join(streams_.begin(), streams_.begin() + static_cast<std::ptrdiff_t>(count), ", "),
        count < streams_.size() ? ", …" : "");
  }

  const Scenario& scenario_;
  std::vector<std::string> streams_;
};

}  // namespace

void check_names(const Scenario& scenario, std::span<const GlobUse> globs) {
  const Names names(scenario);
  for (const GlobUse& use : globs) names.check(use);
  for (const Expectation& each : scenario.expectations) {
    names.check(each);
    names.check_positions(each);
  }
  names.check_leases();
  names.check_restores();
}

}  // namespace feedwatch::sim
