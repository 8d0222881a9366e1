#include "feedwatch/monitor/monitor.hpp"

#include <algorithm>
#include <utility>

#include "feedwatch/monitor/impl.hpp"

namespace feedwatch {

Monitor::Monitor(MonitorOptions options) : impl_(std::make_unique<Impl>(options)) {}
Monitor::~Monitor() = default;

Result<StreamId> Monitor::add_stream(const StreamOptions& options, MonoTime now) {
  return impl_->add(options, now);
}

void Monitor::remove_stream(StreamId stream, MonoTime now) {
  impl_->remove(stream, now);
}

void Monitor::set_policy(StreamId stream, const Policy& policy, MonoTime now) {
  StreamState* state = impl_->state(stream);
  if (state == nullptr) return;
  state->options.policy = policy;
  state->watch.policy = policy;
  impl_->tracker.on_policy(impl_->subject(stream, *state), now);
  impl_->publish(stream, *state);
  impl_->dispatcher.on_verdict(stream, now);
}

void Monitor::set_required(StreamId stream, bool required) {
  StreamState* state = impl_->state(stream);
  if (state == nullptr) return;
  state->options.required = required;
  state->slot.required = required;
  impl_->publish(stream, *state);
}

std::optional<StreamId> Monitor::find(const StreamKey& key) const {
  return impl_->index.find(key);
}

const StreamOptions& Monitor::options(StreamId stream) const {
  static const StreamOptions none;
  const StreamState* state = std::as_const(*impl_).state(stream);
  return state != nullptr ? state->options : none;
}

std::size_t Monitor::size() const {
  return impl_->live;
}

std::size_t Monitor::capacity() const {
  return impl_->board.capacity();
}

void Monitor::on_acknowledged(StreamId stream, MonoTime now) {
  StreamState* state = impl_->state(stream);
  if (state == nullptr) return;
  impl_->tracker.on_acknowledged(impl_->subject(stream, *state), now);
  impl_->publish(stream, *state);
  impl_->dispatcher.on_verdict(stream, now);
}

void Monitor::on_epoch(StreamId stream, std::uint32_t epoch, MonoTime now) {
  StreamState* state = impl_->state(stream);
  if (state == nullptr || epoch <= state->intake.epoch) return;
  impl_->tracker.advance(impl_->subject(stream, *state), now);
  state->intake.begin(epoch);
  impl_->publish(stream, *state);
}

void Monitor::on_line_lost(StreamId stream, MonoTime now) {
  impl_->on_line_lost(stream, now);
}

void Monitor::set_feed_reason(StreamId stream, Reason reason, MonoTime now) {
  StreamState* state = impl_->state(stream);
  if (state == nullptr) return;
  impl_->tracker.on_feed_reason(impl_->subject(stream, *state), reason, now);
  impl_->publish(stream, *state);
}

Outcome Monitor::apply(const Tick& tick, MonoTime now) {
  impl_->told = std::max(impl_->told, now);
  return impl_->apply(tick, now);
}

void Monitor::on_undecodable(StreamId stream, MonoTime now) {
  impl_->on_undecodable(stream, now);
}

Outcome Monitor::update_price(const StreamKey& key, const Decimal& price, PriceStamps stamps) {
  return impl_->update(key, {price, Decimal{}}, {.price = true, .ask = false}, stamps);
}

Outcome Monitor::update_quote(const StreamKey& key, const Decimal& bid, const Decimal& ask,
                              PriceStamps stamps) {
  return impl_->update(key, {bid, ask}, {.price = true, .ask = true}, stamps);
}

Duration Monitor::staleness(const StreamKey& key, MonoTime now) const {
  const auto stream = find(key);
  if (!stream) return Duration::max();
  return ages_at(unchecked_slot(*stream), now).level.value_or(Duration::max());
}

std::expected<Price, Refusal> Monitor::price(StreamId stream, const ReadOptions& options,
                                             MonoTime now) const {
  if (stream.index() >= impl_->board.capacity()) return judge(Slot{}, options, now);
  const Slot slot = impl_->board.read(stream);
  if (slot.occupied && StreamId(stream.index(), slot.generation) != stream) {
    return std::unexpected(
        Refusal{RefusalCode::old_epoch, Reason::unconfigured, Level::unknown, std::nullopt});
  }
  return judge(slot, options, now);
}

std::expected<Price, Refusal> Monitor::price(const StreamKey& key, const ReadOptions& options,
                                             MonoTime now) const {
  const auto stream = find(key);
  return stream ? price(*stream, options, now) : judge(Slot{}, options, now);
}

Slot Monitor::unchecked_slot(StreamId stream) const {
  if (stream.index() >= impl_->board.capacity()) return Slot{};
  const Slot slot = impl_->board.read(stream);
  const bool same = slot.occupied && StreamId(stream.index(), slot.generation) == stream;
  return same ? slot : Slot{};
}

Subscription Monitor::subscribe(StreamId stream, const ConsumerOptions& options,
                                Callbacks callbacks) {
  const StreamState* state = impl_->state(stream);
  if (state == nullptr) return {};
  return impl_->dispatcher.subscribe(stream, state->options.key, options, std::move(callbacks));
}

void Monitor::unsubscribe(Subscription subscription) {
  impl_->dispatcher.unsubscribe(subscription);
}

std::vector<DeliveryCounters> Monitor::delivery_counters() const {
  return impl_->dispatcher.counters();
}

MonoTime Monitor::next_deadline() const {
  return std::min(impl_->tracker.next_deadline(), impl_->dispatcher.next_deadline());
}

void Monitor::on_time(MonoTime now, std::size_t limit) {
  impl_->on_time(now, limit);
}

void Monitor::take_changes(std::vector<StreamChange>& out) {
  impl_->changes.take(out);
}

const Monitor::IntakeCounters& Monitor::intake_counters() const {
  impl_->counters.changes_dropped = impl_->changes.dropped();
  return impl_->counters;
}

std::optional<MonoTime> Monitor::suspect_since(StreamId stream) const {
  const StreamState* state = impl_->state(stream);
  return state != nullptr ? state->watch.suspect_since : std::nullopt;
}

Duration Monitor::clock_offset(StreamId stream) const {
  const StreamState* state = impl_->state(stream);
  return state != nullptr ? state->clock->value() : Duration::zero();
}

std::vector<Monitor::LearntOffset> Monitor::clock_offsets() const {
  std::vector<LearntOffset> learnt;
  for (const auto& [group, clock] : impl_->clocks) learnt.push_back({group, clock->value()});
  std::ranges::sort(learnt, {}, &LearntOffset::group);
  return learnt;
}

void Monitor::restore_clock_offset(const LearntOffset& learnt) {
  auto& clock = impl_->clocks[learnt.group];
  if (clock == nullptr) clock = std::make_shared<ClockOffset>();
  clock->restore(learnt.offset);
}

}  // namespace feedwatch
