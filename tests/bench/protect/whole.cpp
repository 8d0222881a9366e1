#include "tests/bench/protect/whole.hpp"

#include <stdexcept>

namespace feedwatch::bench {
namespace {

/// Positions that are opened between two answers of the journal, which has room for more.
constexpr std::size_t served_together = 1000;

engine::StreamStatus status_of(const StreamOptions& options, StreamId stream) {
  engine::StreamStatus status;
  status.stream = stream;
  auto info = std::make_shared<engine::StreamInfo>();
  info->key = options.key;
  info->text = options.key.text();
  info->policy = options.policy;
  info->cadence = options.cadence;
  status.info = info;
  status.level = status.worst = Level::healthy;
  return status;
}

engine::ControlOptions both_rules(std::size_t positions) {
  engine::ControlOptions options;
  options.positions.capacity = 2 * positions;
  options.position_rules.trailing.emplace();
  options.position_rules.aged.emplace();
  return options;
}

}  // namespace

Whole::Whole(const Crowd& crowd, const Market& market)
    : crowd_(crowd),
      monitor_(
          MonitorOptions{.capacity = crowd.streams, .anchor = {clock_.wall_now(), clock_.now()}}),
      keys_(crowd.positions) {
  for (std::size_t i = 0; i < crowd.streams; ++i) {
    StreamOptions options;
    options.key = {"v", "S" + std::to_string(i), Kind::mark};
    options.cadence = clocked(1s);
    const StreamId stream = *monitor_.add_stream(options, clock_.now());
    engine::PriceTap::attach(monitor_, stream, tap_);
    status_.put(status_of(options, stream));
    streams_.push_back(options.key);
  }
  control_ = std::make_unique<engine::Control>(
      both_rules(crowd.positions),
      engine::ControlPorts{.clock = clock_,
                           .wakeup = wakeup_,
                           .journal = journal_,
                           .sinks = {},
                           .status = status_,
                           .monitor = monitor_,
                           .tap = &tap_,
                           .decided = [this](const PositionDecisionRow& row) { take(row); }},
      engine::Recovered{});
  control_->start();
  control_->on_status(clock_.now());
  for (std::size_t at = 0; at < crowd.positions; ++at) {
    open(at, market.price(at % crowd.streams));
    if (at % served_together == 0) serve();
  }
  serve();
}

Whole::~Whole() = default;

void Whole::open(std::size_t at, std::int64_t price) {
  Position made = position_of(at, price, random_, clock_.wall_now());
  made.symbol = streams_[at % crowd_.streams].symbol;
  keys_[at] = key_of(made);
  const auto put = control_->put_position(std::move(made), {}, "bench");
  if (!put) throw std::runtime_error(put.error().text());
}

void Whole::take(const PositionDecisionRow& row) {
  ++decisions_;
  PositionKey key{row.venue, row.symbol, row.position};
  if (row.type == "activated" || row.type == "stop_moved") {
    proposed_.emplace_back(std::move(key), static_cast<std::uint64_t>(row.number));
  } else if (row.type == "triggered" || row.type == "target_reached" ||
             row.type == "emergency_exit") {
    closed_.push_back(std::move(key));
  }
}

void Whole::serve() {
  while (!journal_.waiting.empty() || !proposed_.empty()) {
    for (Journal::Done& done : std::exchange(journal_.waiting, {})) done({});
    for (const auto& [key, number] : std::exchange(proposed_, {})) {
      (void)control_->answer_decision(key, number, true);
    }
  }
}

void Whole::tell(std::span<const Traded> ticks, std::size_t together) {
  std::size_t told = 0;
  for (const Traded& tick : ticks) {
    clock_.at += between_ticks;
    monitor_.update_price(streams_[tick.stream], Decimal(tick.price, price_scale),
                          {.mono_recv = clock_.at});
    if (++told % together != 0) continue;
    if (std::exchange(priced_, false)) control_->on_prices(clock_.at);
    if (wakeup_.at <= clock_.at) {
      wakeup_.at = never_mono;
      control_->on_wakeup(clock_.at);
    }
    serve();
  }
}

void Whole::replace_closed(const Market& market) {
  std::size_t replaced = 0;
  for (const PositionKey& key : std::exchange(closed_, {})) {
    if (!control_->close_position(key)) continue;
    const std::size_t at = std::stoul(key.id);
    open(at, market.price(at % crowd_.streams));
    if (++replaced % served_together == 0) serve();
  }
  serve();
}

}  // namespace feedwatch::bench
