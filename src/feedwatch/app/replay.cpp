#include "feedwatch/app/replay.hpp"

#include <fmt/format.h>

#include <chrono>
#include <ostream>
#include <thread>
#include <utility>

#include "feedwatch/app/judgements.hpp"
#include "feedwatch/app/replay_config.hpp"
#include "feedwatch/app/replay_source.hpp"
#include "feedwatch/base/decision_json.hpp"
#include "feedwatch/base/time_text.hpp"
#include "feedwatch/embed/system_clock.hpp"
#include "feedwatch/replay/player.hpp"

namespace feedwatch::app {

namespace {

using capture::Record;

std::unique_ptr<replay::Player> make_player(ReplayPlan plan) {
  switch (plan.mode) {
    case ReplayMode::free:
      return replay::free_player(std::move(plan.judge));
    case ReplayMode::capture:
      return replay::capture_player(std::move(plan.judge));
    case ReplayMode::exact:
      break;
  }
  return replay::exact_player(std::move(plan.judge));
}

Error broken_off(Error error) {
  error.why += "; this is what a crash leaves behind, and everything before it was judged";
  return error;
}

/// One replay, from the first record to the account. Lives for one call of run_replay.
class Run {
 public:
  Run(const ReplayArgs& args, std::ostream& out, std::ostream& err)
      : args_(args), out_(out), err_(err) {}

  int run();

 private:
  int prepare();
  /// The recording up to its end or first fault; false = a fault.
  bool play(ReplaySource& source, Record record);
  void pace(const Record& record);
  void account() const;
  void write_json() const;
  void write_text() const;
  Duration real() const { return clock_.now() - began_; }
  double frames_per_second() const {
    return static_cast<double>(player_->counts().frames) / std::max(to_seconds(real()), 1e-9);
  }
  int failed(const Error& error) const {
    err_ << "feedwatch: " << error.text() << '\n';
    return exit_failure;
  }

  const ReplayArgs& args_;
  std::ostream& out_;
  std::ostream& err_;
  embed::SystemClock clock_;
  MonoTime began_{};
  ReplayMode mode_ = ReplayMode::exact;
  std::optional<Judgements> judgements_;
  std::unique_ptr<replay::Player> player_;
  std::optional<MonoTime> first_;  ///< of what is paced
};

int Run::run() {
  auto source = ReplaySource::open(args_.files);
  if (!source) return failed(source.error());
  auto first = source->next();
  if (!first) return failed(first.error());
  if (!*first) return failed({args_.files.front(), "is empty", "name a recording"});
  if (const int code = prepare(); code != exit_ok) return code;
  began_ = clock_.now();
  const bool whole = play(*source, **first);
  account();
  const auto differs = player_->divergence();
  if (!differs) return whole ? exit_ok : exit_failure;
  return failed({"replay", "comes out otherwise than the recording: " + *differs,
                 "records are missing, or another version made it"});
}

int Run::prepare() {
  auto plan = plan_replay(args_);
  if (!plan) {
    for (const Error& error : plan.error()) err_ << "feedwatch: " << error.text() << '\n';
    return exit_configuration;
  }
  mode_ = plan->mode;
  judgements_.emplace(plan->judge.anchor);
  plan->judge.observer = [this](const engine::Control::Event& event) {
    judgements_->note(event);
    if (!args_.json) out_ << judgements_->line(event) << '\n';
  };
  player_ = make_player(std::move(*plan));
  return exit_ok;
}

bool Run::play(ReplaySource& source, Record record) {
  for (;;) {
    pace(record);
    if (auto taken = player_->take(record); !taken) {
      failed(taken.error());
      return false;
    }
    auto next = source.next();
    if (next && *next) {
      record = **next;
      continue;
    }
    if (!next) failed(source.broken_off() ? broken_off(next.error()) : next.error());
    auto finished = player_->finish();
    if (!finished) failed(finished.error());
    return next.has_value() && finished.has_value();
  }
}

void Run::pace(const Record& record) {
  if (!args_.speed || !record.ts) return;
  const MonoTime at = player_->judge().clock().anchor().mono +
                      (*record.ts - player_->judge().clock().anchor().wall);
  if (!first_) first_ = at;
  const auto due = began_ + std::chrono::duration_cast<Duration>((at - *first_) / *args_.speed);
  out_.flush();
  if (const Duration wait = due - clock_.now(); wait > Duration::zero()) {
    std::this_thread::sleep_for(wait);
  }
}

void Run::account() const {
  args_.json ? write_json() : write_text();
  out_.flush();
}

void Run::write_json() const {
  const replay::Judge& judge = player_->judge();
  const replay::PlayCounts& counts = player_->counts();
  std::string text;
  JsonWriter json(text);
  json.begin_object().field("mode", to_text(mode_));
  judgements_->write_json(json, judge.control(), judge.shard(), judge.clock().now());
  json.key("decisions").begin_array();
  for (const PositionDecisionRow& row : judge.decisions()) write_decision(json, row);
  json.end_array();
  json.field("lost_records", counts.lost).field("divergence", player_->divergence());
  json.field("records", counts.records).field("frames", counts.frames);
  json.field("skipped_frames", counts.skipped).field("compared", counts.said);
  json.field("virtual_seconds", to_seconds(judge.clock().now() - judge.clock().anchor().mono));
  json.field("real_seconds", to_seconds(real())).field("frames_per_second", frames_per_second());
  json.end_object();
  out_ << text << '\n';
}

void Run::write_text() const {
  const replay::Judge& judge = player_->judge();
  const replay::PlayCounts& counts = player_->counts();
  out_ << judgements_->text(judge.control(), judge.shard(), judge.clock().now());
  out_ << fmt::format("{} frames of {:.1f} s judged in {:.3f} s, {:.0f} frames/s\n", counts.frames,
                      to_seconds(judge.clock().now() - judge.clock().anchor().mono),
                      to_seconds(real()), frames_per_second());
  if (counts.skipped > 0) {
    out_ << fmt::format("{} frames of connections nobody had\n", counts.skipped);
  }
  if (mode_ == ReplayMode::exact && !player_->divergence()) {
    out_ << fmt::format("as recorded: {} dials, messages and questions were the same\n",
                        counts.said);
  }
}

}  // namespace

int run_replay(const ReplayArgs& args, std::ostream& out, std::ostream& err) {
  return Run(args, out, err).run();
}

}  // namespace feedwatch::app
