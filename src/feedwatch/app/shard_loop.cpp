#include "feedwatch/app/shard_loop.hpp"

#include <future>
#include <utility>

namespace feedwatch::app {
namespace {

/// Holds the leases of positions.
constexpr const char* tap_owner = "positions";

}  // namespace

ShardLoop::ShardLoop(Parts parts)
    : parts_(std::move(parts)),
      reactor_(parts_.clock, {.anchor = parts_.anchor, .poll = parts_.poll}),
      resolver_(reactor_),
      http_(reactor_, resolver_) {}

ShardLoop::~ShardLoop() {
  join();
}

Result<void> ShardLoop::build(const engine::ShardOptions& options, engine::SharedBoard board,
                              StateStore& state, engine::StatusBoard& status,
                              const std::optional<RecordSettings>& record) {
  if (auto begun = begin_recording(options, state, record); !begun) return begun;
  FrameSink& direct = late_sink_;
  transport_.emplace(reactor_, resolver_, recording_ ? recording_->tap() : direct);
  const auto wake = [this](MonoTime now) { shard_->on_wakeup(now); };
  wakeup_ = reactor_.make_wakeup([this, wake](MonoTime now) {
    recording_ ? recording_->tap().on_wakeup(now, wake) : wake(now);
  });
  beat_wakeup_ = reactor_.make_wakeup([this](MonoTime) { beat(); });
  if (recording_) recording_->attach(*transport_, http_, late_sink_);
  shard_.emplace(options,
                 recording_ ? recording_->ports(*wakeup_, status)
                            : engine::ShardPorts{.clock = parts_.clock,
                                                 .wakeup = *wakeup_,
                                                 .transport = *transport_,
                                                 .http = http_,
                                                 .state = state,
                                                 .status = status},
                 std::move(board));
  late_sink_.shard = &*shard_;
  return {};
}

Result<void> ShardLoop::begin_recording(const engine::ShardOptions& options, StateStore& state,
                                        const std::optional<RecordSettings>& record) {
  if (!record) return {};
  auto begun = ShardRecording::begin(
      *record,
      {.clock = parts_.clock, .state = state, .anchor = parts_.anchor, .seed = options.seed},
      parts_.log);
  if (!begun) return std::unexpected(begun.error());
  recording_ = std::move(*begun);
  return {};
}

Result<void> ShardLoop::start() {
  const auto begin = [this] { return shard_->start(); };
  return recording_ ? recording_->tap().start(begin) : begin();
}

void ShardLoop::run() {
  beat();
  thread_ = std::thread([this] { reactor_.run(); });
}

void ShardLoop::end_lines() {
  if (!thread_.joinable()) return;
  std::promise<void> ended;
  reactor_.complete([&] {
    beat_wakeup_.reset();
    if (recording_) recording_->end();
    shard_->stop();
    ended.set_value();
  });
  ended.get_future().wait();
}

void ShardLoop::join() {
  if (!thread_.joinable()) return;
  reactor_.stop();
  thread_.join();
  if (recording_) static_cast<void>(recording_->close());  // an error was told as it happened
}

Result<StreamId> ShardLoop::want(const StreamKey& key, const std::string& owner, Duration ttl) {
  const auto want = [&] { return shard_->want(key, owner, ttl); };
  return recording_ ? recording_->tap().want(key.text(), owner, ttl, want) : want();
}

bool ShardLoop::unwant(const StreamKey& key, const std::string& owner) {
  const auto unwant = [&] { return shard_->unwant(key, owner); };
  return recording_ ? recording_->tap().unwant(key.text(), owner, unwant) : unwant();
}

Result<void> ShardLoop::hold(const StreamKey& key, engine::PriceNeed need, engine::PriceTap& tap) {
  const Result<StreamId> wanted = want(key, tap_owner, Duration::zero());
  if (!wanted) return std::unexpected(wanted.error());
  engine::PriceTap::serve(shard_->monitor(), *wanted, tap, need);
  return {};
}

Result<void> ShardLoop::let_go(const StreamKey& key, engine::PriceTap& tap) {
  if (const auto stream = shard_->monitor().find(key)) {
    engine::PriceTap::detach(shard_->monitor(), *stream, tap);
  }
  unwant(key, tap_owner);
  return {};
}

void ShardLoop::beat() {
  const MonoTime now = parts_.clock.now();
  const Monitor::IntakeCounters& intake = shard_->monitor().intake_counters();
  counters_.accepted = intake.accepted;
  for (std::size_t i = 0; i < rejection_count; ++i) {
    const bool unknown = static_cast<Rejection>(i) == Rejection::unknown_symbol;
    counters_.rejected[i] = intake.rejected[i] + (unknown ? shard_->unknown_symbols() : 0);
  }
  counters_.undecodable = intake.undecodable;
  counters_.sequence_resets = intake.sequence_resets;
  counters_.duplicate = shard_->duplicate_ticks();
  counters_.divergences = shard_->divergences();
  const MonoTime due = meter_.beat(now);
  std::map<std::string, Duration> clocks;
  for (const Monitor::LearntOffset& learnt : shard_->monitor().clock_offsets()) {
    clocks.emplace(learnt.group.substr(0, learnt.group.find('/')), learnt.offset);
  }
  venue_clocks_.show(std::move(clocks));
  venue_meters_.show(shard_->meters());
  if (recording_) recording_->tell_lost(parts_.log);
  beat_wakeup_->arm(due);
}

}  // namespace feedwatch::app
