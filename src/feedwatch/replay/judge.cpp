#include "feedwatch/replay/judge.hpp"

#include <algorithm>
#include <utility>

namespace feedwatch::replay {

Judge::Judge(JudgeOptions options, Transport& transport, HttpFetch& http)
    : clock_(options.anchor),
      status_([this] { dirty_ = true; }),
      tap_([this] { priced_ = true; }),
      holder_(options.shard, tap_),
      positions_(std::move(options.positions)),
      shard_(std::move(options.shard), {clock_, shard_wakeup_, transport, http, state_, status_}),
      control_(std::move(options.control),
               {.clock = clock_,
                .wakeup = control_wakeup_,
                .journal = journal_,
                .sinks = {},
                .status = status_,
                .monitor = std::as_const(shard_).monitor(),
                .prices = &holder_,
                .tap = &tap_,
                .decided = [this](const auto& row) { holder_.on_decision(row); }},
               {}) {
  holder_.attach(shard_, control_);
  if (options.observer) control_.set_observer(std::move(options.observer));
}

Result<void> Judge::start() {
  control_.start();
  auto started = shard_.start();
  settle();
  for (const JudgeOptions::Held& held : positions_) {
    if (!started) break;
    const auto put = control_.put_position(held.position, {}, "replay", held.terms);
    if (!put) started = std::unexpected(put.error());
    settle();
  }
  return started;
}

void Judge::advance(MonoTime to, bool shard_too) {
  for (;;) {
    const MonoTime shard_at = shard_too ? shard_wakeup_.at() : never_mono;
    const MonoTime outside_at = shard_too && outside_.next ? outside_.next() : never_mono;
    const MonoTime next = std::min({shard_at, control_wakeup_.at(), outside_at});
    if (next >= to) break;
    clock_.set(next);
    if (outside_at <= next) {
      outside_.serve();
    } else if (shard_at <= next) {
      shard_wakeup_.spend();
      shard_.on_wakeup(clock_.now());
    } else {
      control_wakeup_.spend();
      control_.on_wakeup(clock_.now());
    }
    settle();
  }
  clock_.set(to);
}

void Judge::settle() {
  while (dirty_ || priced_ || journal_.answer() || holder_.settle()) {
    if (std::exchange(dirty_, false)) control_.on_status(clock_.now());
    if (std::exchange(priced_, false)) control_.on_prices(clock_.now());
  }
  if (outside_.speak) outside_.speak();
}

}  // namespace feedwatch::replay
