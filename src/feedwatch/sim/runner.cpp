#include "feedwatch/sim/runner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "feedwatch/sim/checkers.hpp"
#include "feedwatch/sim/fact_check.hpp"

namespace feedwatch::sim {
namespace {

using When = Expectation::When;

class Run {
 public:
  explicit Run(const Scenario& scenario)
      : scenario_(scenario), world_(scenario.world), checkers_(world_) {}

  RunResult operator()() {
    for (const Step& step : scenario_.steps) schedule(step);
    for (const Expectation& each : scenario_.expectations) schedule(each);
    world_.set_on_instant([this](MonoTime now) {
      checkers_.on_instant(now);
      look(now);
    });
    if (const Result<void> started = world_.start(); !started) {
      fail(0, "the monitor did not start: " + started.error().text());
    } else if (!world_.run_until(world_start + scenario_.length)) {
      fail(0, fmt::format("time stands still at {} s: something wakes itself for ever",
                          run_time_text(world_.now())));
    } else {
      for (const Expectation& each : scenario_.expectations) check_moments(each);
      for (const Expectation& each : scenario_.expectations) check_matched(each);
      checkers_.finish();
    }
    for (const std::string& breach : checkers_.breaches()) fail(0, breach);
    result_.log = world_.log().text();
    result_.log_hash = world_.log().hash();
    result_.seed = scenario_.world.seed;
    result_.events = world_.events();
    result_.decisions = world_.bot().decisions().size();
    result_.simulated = world_.now() - world_start;
    return std::move(result_);
  }

 private:
  void fail(int line, const std::string& why) {
    result_.failures.push_back(line == 0 ? fmt::format("{}: {}", scenario_.file, why)
                                         : fmt::format("{}:{}: {}", scenario_.file, line, why));
  }

  void fail(const Expectation& each, const Fact& fact, MonoTime at, const std::string& seen) {
    if (!failed_.insert({each.line, &fact}).second) return;
    fail(each.line, fmt::format("{} — at {} s {}", each.text, run_time_text(at), seen));
  }

  // ---- steps ----

  void schedule(const Step& step) {
    world_.schedule(world_start + step.at, Turn::world, [this, &step] {
      line_ = step.line;
      std::visit([this](const auto& what) { apply(what); }, step.what);
    });
  }

  void apply(const FaultStep& step) {
    Fault fault = step.fault;
    if (fault.until != never_mono) fault.until = world_start + fault.until.time_since_epoch();
    world_.venue(step.venue)->inject(std::move(fault));
  }
  void apply(const RestoreStep& step) { world_.venue(step.venue)->restore(step.type, step.symbol); }
  void apply(const WalkStep& step) { world_.venue(step.venue)->unpin(step.symbol, step.kind); }
  void apply(const SeriesStep& step) { world_.venue(step.venue)->play(step.played); }
  void apply(const MessageStep& step) {
    VenueModel& venue = *world_.venue(step.venue);
    if (step.keep)
      return venue.set_price(step.message.symbol, step.message.kind, *step.message.prices);
    venue.send(step.message);
  }
  void apply(const HostStep& step) {
    switch (step.type) {
      case HostStep::Type::pause:
        return world_.host().pause(step.amount);
      case HostStep::Type::wall_step:
        return world_.clock().step_host_wall(step.amount);
      case HostStep::Type::journal_down:
        return world_.journal().set_state(MemoryJournal::State::down);
      case HostStep::Type::journal_unsure:
        return world_.journal().set_state(MemoryJournal::State::unsure);
      case HostStep::Type::journal_up:
        return world_.journal().set_state(MemoryJournal::State::up);
      case HostStep::Type::sink_down:
        return world_.sink().set_down(true);
      case HostStep::Type::sink_up:
        return world_.sink().set_down(false);
    }
  }
  void apply(const WantStep& step) {
    // Another thread's request: it waits while the host does not run.
    world_.host().post(world_.now(), [this, &step, line = line_] {
      if (!step.want) return world_.unwant(step.key, step.owner);
      const Result<void> wanted = world_.want(step.key, step.owner, step.ttl);
      if (!wanted) fail(line, wanted.error().text());
    });
  }
  /// A person's request: it waits while the host does not run.
  void apply(const MuteStep& step) {
    world_.host().post(world_.now(), [this, &step, line = line_] {
      const std::string wrong = mute(step);
      if (!wrong.empty()) fail(line, wrong);
    });
  }

  /// What went wrong.
  std::string mute(const MuteStep& step) {
    engine::Control& control = world_.control();
    if (step.type == MuteStep::Type::silence) {
      muting::Silence wish;
      wish.matchers = step.matchers;
      wish.starts_at = control.utc(world_.now());
      wish.ends_at = wish.starts_at + step.length;
      wish.created_by = wish.comment = "scenario";
      const auto made = control.put_silence(std::move(wish));
      return made ? "" : made.error().text();
    }
    if (step.type == MuteStep::Type::expire) {
      for (const muting::Silence& silence : control.silences()) {
        const auto ended = control.expire_silence(silence.id);
        if (!ended) return ended.error().text();
      }
      return "";
    }
    std::size_t found = 0;
    for (const engine::AlertView& view : control.alerts(0)) {
      if (view.row.name != step.alert) continue;
      const auto done = step.type == MuteStep::Type::acknowledge
                            ? control.acknowledge(view.row.id, "scenario", "")
                            : control.unacknowledge(view.row.id);
      if (!done) return done.error().text();
      ++found;
    }
    return found > 0 ? "" : "no open alert is called " + step.alert;
  }

  /// A bot's request: it waits while the host does not run.
  void apply(const PositionStep& step) {
    world_.host().post(world_.now(), [this, &step, line = line_] {
      engine::Control& control = world_.control();
      const PositionLease* known = control.positions().book().find(step.key);
      if (!step.held) {
        if (step.if_possible && known == nullptr) return;
        const Result<void> closed = control.close_position(step.key);
        if (!closed) fail(line, closed.error().text());
        return;
      }
      Position held = *step.held;
      const bool dated = known == nullptr && step.opened;
      held.opened_at = dated ? control.utc(world_.now()) - *step.opened : undated;
      if (step.at_market) held.entry_price = market_price(held);
      if (step.if_possible && held.entry_price <= Decimal{}) return;
      const auto put = control.put_position(std::move(held), step.ttl, step.owner);
      if (!put) fail(line, put.error().text());
    });
  }

  /// Where there is none it is not taken.
  Decimal market_price(const Position& position) {
    const VenueModel* const venue = world_.venue(position.venue);
    if (venue == nullptr) return {};
    const Kind kind = engine::protecting_kind(venue->setup().client->sheet());
    const auto prices = venue->price(position.symbol, kind);
    if (!prices) return {};
    const bool is_ask = kind == Kind::quote && position.side == Side::buy;
    return is_ask ? prices->ask : prices->price;
  }

  void apply(const SourceStep& step) {
    reports_[step.name] = &step;
    report(step, line_);
  }
  /// Its newest list, again and again, until it says another.
  void report(const SourceStep& step, int line) {
    if (reports_[step.name] != &step || step.type == SourceStep::Type::silent) return;
    world_.host().post(world_.now(), [this, &step, line] {
      engine::PositionList list{.ready = step.type == SourceStep::Type::lists};
      for (const Position& position : step.positions) {
        list.elements.push_back({.number = list.elements.size(), .position = position});
      }
      const auto taken = world_.control().list_positions(step.name, std::move(list));
      if (!taken) return fail(line, taken.error().text());
      for (const engine::ListFault& fault : taken->faults) fail(line, engine::text_of(fault));
    });
    world_.schedule(world_.now() + SourceStep::report_every, Turn::world,
                    [this, &step, line] { report(step, line); });
  }

  void apply(const BotStep& step) { world_.bot().set_mode(step.mode); }
  void apply(const ReceiverStep& step) { world_.receiver().set_answer(step.answer); }

  void apply(const ConsumerStep& step) {
    world_.host().post(world_.now(), [this, &step] {
      if (step.subscribe)
        world_.subscribe(step.consumer);
      else
        world_.unsubscribe(step.consumer);
    });
  }

  // ---- expectations ----

  /// States are looked at when their moment comes; `between` and `never` at every instant as well.
  void schedule(const Expectation& each) {
    const auto look_at = [&](Duration at) {
      world_.schedule(world_start + at, Turn::look, [this, &each] { check_states(each); });
    };
    look_at(each.last);
    if (each.when == When::between) look_at(each.first);
  }

  void look(MonoTime now) {
    for (const Expectation& each : scenario_.expectations) {
      if (each.when != When::between && each.when != When::never) continue;
      const Duration at = now - world_start;
      if (at >= each.first && at <= each.last) check_states(each);
    }
  }

  void check_states(const Expectation& each) {
    for (const Fact& fact : each.facts) {
      if (fact.is_moment() || failed_.contains({each.line, &fact})) continue;
      const bool never = each.when == When::never;
      const Finding found = check_state(world_, fact, never ? Quantifier::any : Quantifier::all);
      if (found.matched) matched_.insert(&fact);
      if (found.holds == never) fail(each, fact, world_.now(), found.seen);
    }
  }

  /// "never" holds of what does not exist: a misspelt line or component would pass.
  void check_matched(const Expectation& each) {
    for (const Fact& fact : each.facts) {
      if (fact.is_moment() || matched_.contains(&fact)) continue;
      const Finding now = check_state(world_, fact, Quantifier::any);
      if (!now.matched) fail(each, fact, world_.now(), "nothing bore that name: " + now.seen);
    }
  }

  void check_moments(const Expectation& each) {
    const MonoTime end = world_start + each.last;
    for (const Fact& fact : each.facts) {
      if (!fact.is_moment()) continue;
      const std::vector<MonoTime> moments = moments_of(world_, fact);
      const bool wanted = each.when != When::never && !fact.negated;
      const Duration slack = each.when == When::at ? each.tolerance : Duration{};
      const MonoTime begin = world_start + each.first - slack;
      const auto inside = std::ranges::find_if(
          moments, [&](MonoTime at) { return at >= begin && at <= end + slack; });
      if ((inside != moments.end()) == wanted) continue;
      fail(each, fact, wanted ? end : *inside, describe(moments));
    }
  }

  static std::string describe(const std::vector<MonoTime>& moments) {
    if (moments.empty()) return "it never happened";
    std::string text = "it happened at";
    for (std::size_t i = 0; i < std::min<std::size_t>(moments.size(), 12); ++i) {
      text += " " + run_time_text(moments[i]);
    }
    return text + (moments.size() > 12 ? " … s" : " s");
  }

  const Scenario& scenario_;
  World world_;
  Checkers checkers_;
  RunResult result_;
  int line_ = 0;                                      ///< of the step being taken
  std::map<std::string, const SourceStep*> reports_;  ///< newest, by source
  std::set<std::pair<int, const Fact*>> failed_;
  std::set<const Fact*> matched_;  ///< those whose name something has borne
};

}  // namespace

RunResult run_scenario(const Scenario& scenario) {
  return Run(scenario)();
}

}  // namespace feedwatch::sim
