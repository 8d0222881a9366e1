#include "feedwatch/monitor/monitor.hpp"

#include <algorithm>
#include <utility>

#include "feedwatch/monitor/impl.hpp"

namespace feedwatch {
namespace {

constexpr int view_patience = 1000;

Refusal no_slot(RefusalCode code) {
  return {code, Reason::unconfigured, Level::unknown, std::nullopt};
}

/// Generation and slot come from one read, so that they belong together.
bool is_of(const Slot& slot, StreamId stream) {
  return slot.occupied && slot.generation == stream.generation();
}

Refusal other_stream(const Slot& slot) {
  return no_slot(slot.occupied ? RefusalCode::old_epoch : RefusalCode::unconfigured);
}

}  // namespace

Monitor::Monitor(MonitorOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Monitor::~Monitor() = default;

Result<StreamId> Monitor::add_stream(const StreamOptions& options, MonoTime now) {
  return impl_->add(options, now);
}

void Monitor::remove_stream(StreamId stream, MonoTime now) {
  impl_->remove(stream, now);
}

void Monitor::set_policy(StreamId stream, const Policy& policy, MonoTime now) {
  auto known = impl_->stream(stream);
  const auto number = impl_->policies.number_of(policy);
  if (!known || !number) return;
  impl_->tracker.on_policy(known->subject(), *number, now);
  impl_->publish(*known);
  impl_->dispatcher.on_verdict(stream, now);
}

void Monitor::set_required(StreamId stream, bool required) {
  auto known = impl_->stream(stream);
  if (!known) return;
  known->slot.required = required;
  impl_->publish(*known);
}

std::optional<StreamId> Monitor::find(const StreamKey& key) const {
  return impl_->board.find(key);
}

StreamOptions Monitor::options(StreamId stream) const {
  return impl_->options_of(stream);
}

std::size_t Monitor::size() const {
  return impl_->live;
}

std::size_t Monitor::capacity() const {
  return impl_->board.capacity();
}

void Monitor::on_acknowledged(StreamId stream, MonoTime now) {
  auto known = impl_->stream(stream);
  if (!known) return;
  impl_->tracker.on_acknowledged(known->subject(), now);
  impl_->publish(*known);
  impl_->dispatcher.on_verdict(stream, now);
}

void Monitor::on_epoch(StreamId stream, std::uint32_t epoch, MonoTime now) {
  auto known = impl_->stream(stream);
  if (!known || epoch <= known->own.intake.epoch) return;
  impl_->tracker.advance(known->subject(), now);
  known->own.intake.begin(epoch);
  if (Trouble* trouble = impl_->tracker.troubles().find(known->own.watch))
    trouble->doubt.older = {};
  impl_->publish(*known);
}

void Monitor::on_epoch_continued(StreamId stream, std::uint32_t epoch, MonoTime now) {
  on_epoch(stream, epoch, now);
  auto known = impl_->stream(stream);
  if (!known || known->own.intake.epoch != epoch) return;
  known->own.intake.carried_in_epoch = known->own.intake.holds = true;
}

void Monitor::on_line_lost(StreamId stream, MonoTime now) {
  impl_->on_line_lost(stream, now);
}

void Monitor::set_feed_reason(StreamId stream, Reason reason, MonoTime now) {
  auto known = impl_->stream(stream);
  if (!known) return;
  impl_->tracker.on_feed_reason(known->subject(), reason, now);
  impl_->publish(*known);
}

Outcome Monitor::apply(const Tick& tick, MonoTime now) {
  impl_->told = std::max(impl_->told, now);
  return impl_->apply(tick, now);
}

void Monitor::apply(std::span<const Tick> ticks, MonoTime now) {
  impl_->told = std::max(impl_->told, now);
  impl_->apply(ticks, now);
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

Result<void> Monitor::update_bridge(StreamId stream, const Prices& prices, PriceStamps stamps) {
  return impl_->update_bridge(stream, prices, stamps);
}

Duration Monitor::staleness(const StreamKey& key, MonoTime now) const {
  const auto stream = find(key);
  if (!stream) return Duration::max();
  return ages_at(unchecked_slot(*stream), now).level.value_or(Duration::max());
}

std::expected<Price, Refusal> Monitor::price(StreamId stream, const ReadOptions& options,
                                             MonoTime now) const {
  Slot slot;
  Refusal refusal;
  if (!unchecked_read(stream, slot, refusal)) return std::unexpected(refusal);
  return judge(slot, options, now);
}

std::expected<Price, Refusal> Monitor::price(const StreamKey& key, const ReadOptions& options,
                                             MonoTime now) const {
  const auto stream = find(key);
  return stream ? price(*stream, options, now) : judge(Slot{}, options, now);
}

Slot Monitor::unchecked_slot(StreamId stream) const {
  if (stream.index() >= impl_->board.capacity()) return Slot{};
  // For views: they would rather wait for the end of a write than show nothing.
  std::optional<Slot> slot = impl_->board.view().read(stream);
  for (int i = 0; !slot && i < view_patience; ++i) slot = impl_->board.view().read(stream);
  return slot && is_of(*slot, stream) ? *slot : Slot{};
}

bool Monitor::unchecked_read(StreamId stream, Slot& slot, Refusal& refusal) const {
  const bool read = impl_->board.view().read(stream, slot);
  if (read && is_of(slot, stream)) return true;
  refusal = read ? other_stream(slot) : no_slot(RefusalCode::writer_stuck);
  return false;
}

std::expected<Slot, Refusal> Monitor::unchecked_read_bridge(StreamId stream) const {
  const auto slot = impl_->board.view().read_bridge(stream);
  if (!slot) return std::unexpected(no_slot(RefusalCode::writer_stuck));
  if (!is_of(*slot, stream)) return std::unexpected(other_stream(*slot));
  return *slot;
}

std::optional<StreamId> Monitor::sibling(const Slot& slot, Kind kind) const {
  return impl_->board.view().sibling(slot, kind);
}

Subscription Monitor::subscribe(StreamId stream, const ConsumerOptions& options,
                                Callbacks callbacks) {
  if (!impl_->board.holds(stream)) return {};
  return impl_->dispatcher.subscribe(stream, options, std::move(callbacks));
}

Subscription Monitor::subscribe_matching(std::string_view pattern, const ConsumerOptions& options,
                                         Callbacks callbacks) {
  const Subscription subscription =
      impl_->dispatcher.subscribe_matching(pattern, options, std::move(callbacks));
  for (std::size_t i = 0; subscription && i < impl_->board.used(); ++i) {
    const StreamId stream = impl_->board.at(i);
    if (impl_->board.holds(stream)) impl_->dispatcher.on_stream(stream, subscription);
  }
  return subscription;
}

std::shared_ptr<ConsumerQueue> Monitor::queue(std::string_view consumer) const {
  return impl_->dispatcher.queue(consumer);
}

void Monitor::unsubscribe(Subscription subscription) {
  impl_->dispatcher.unsubscribe(subscription);
}

std::vector<DeliveryCounters> Monitor::delivery_counters() const {
  return impl_->dispatcher.counters();
}

std::vector<UndeliveredFinding> Monitor::undelivered(MonoTime now) const {
  return impl_->dispatcher.undelivered(now);
}

MonoTime Monitor::next_deadline() const {
  return std::min(impl_->tracker.next_deadline(), impl_->dispatcher.next_window());
}

std::size_t Monitor::deadlines_held() const {
  return impl_->tracker.deadlines_held() + impl_->dispatcher.windows_held();
}

void Monitor::on_time(MonoTime now, std::size_t limit) {
  impl_->on_time(now, limit);
}

void Monitor::beat(MonoTime now) {
  impl_->board.beat(now);
}

void Monitor::take_changes(std::vector<StreamChange>& out) {
  impl_->changes.take(out);
}

const Monitor::IntakeCounters& Monitor::intake_counters() const {
  impl_->counters.changes_dropped = impl_->changes.dropped();
  return impl_->counters;
}

std::optional<MonoTime> Monitor::suspect_since(StreamId stream) const {
  const auto known = impl_->stream(stream);
  if (!known) return std::nullopt;
  const Trouble* trouble = impl_->tracker.troubles().find(known->own.watch);
  return trouble != nullptr ? trouble->suspect_since : std::nullopt;
}

Duration Monitor::clock_offset(StreamId stream) const {
  const auto known = impl_->stream(stream);
  if (!known) return Duration::zero();
  return impl_->clocks[impl_->channel(*known).clock].offset->value();
}

std::vector<Monitor::LearntOffset> Monitor::clock_offsets() const {
  std::vector<LearntOffset> learnt;
  for (const auto& [group, offset] : impl_->clocks) learnt.push_back({group, offset->value()});
  std::ranges::sort(learnt, {}, &LearntOffset::group);
  return learnt;
}

void Monitor::restore_clock_offset(const LearntOffset& learnt) {
  impl_->clocks[impl_->clock_of(learnt.group)].offset->restore(learnt.offset);
}

}  // namespace feedwatch
