#include <algorithm>
#include <limits>

#include "feedwatch/monitor/impl.hpp"

namespace feedwatch {
namespace {

/// A slice of deadlines (4,096 streams) may log a few changes each before they are taken.
constexpr std::size_t most_changes = 65'536;

void describe(Slot& slot, const StreamOptions& options) {
  slot.occupied = true;
  slot.event_time_is_publish = options.event_time == EventTime::publish;
  slot.confirm_counts = options.absent_is_unchanged || options.repeat_confirms;
  slot.required = options.required;
}

std::string clock_group_of(const StreamOptions& options) {
  return options.clock_group.empty() ? options.key.venue : options.clock_group;
}

std::shared_ptr<board::Ground> ground_for(MonitorOptions& options) {
  if (options.ground != nullptr) return options.ground;
  auto memory = options.memory != nullptr
                    ? std::move(options.memory)
                    : board::heap_memory(PriceBoard::bytes_for(options.capacity));
  return std::make_shared<board::Ground>(std::move(memory), options.capacity, options.identity);
}

}  // namespace

Monitor::Impl::Impl(MonitorOptions options)
    : anchor(options.anchor),
      short_way(options.short_way),
      board(ground_for(options), options.shard),
      changes(most_changes),
      tracker(board, policies, changes, dispatcher),
      dispatcher(board, armer, options.in_line_clock) {}

Result<StreamId> Monitor::Impl::add(const StreamOptions& options, MonoTime now) {
  const auto policy = policies.number_of(options.policy);
  const auto channel = channel_for(options);
  if (!policy || !channel) {
    return std::unexpected(Error{"stream " + options.key.text(),
                                 "there are too many different policies or channels",
                                 "match more streams with one policy"});
  }
  const std::size_t used = board.used();
  const Result<StreamId> id = board.claim(options.key);
  if (!id) return id;
  if (id->index() >= used) dispatcher.begin_place(id->index());
  board.own_anew<OwnerState>(id->index());
  Stream added{*id, board.own(*id), board.owned<OwnerState>(id->index())};
  describe(added.slot, options);
  added.own.watch.policy = *policy;
  added.own.intake.channel = *channel;
  tracker.begin(added.subject(), now);
  ++live;
  board.write(*id, added.slot);
  board.publish(*id);
  dispatcher.on_stream(*id);
  return id;
}

void Monitor::Impl::remove(StreamId id, MonoTime now) {
  auto gone = stream(id);
  if (!gone) return;
  tracker.end(gone->subject(), now);
  board.write(id, gone->slot);
  dispatcher.leave(id);
  board.release(id);
  --live;
  notify_levels();
  dispatcher.drop_stream(id);
}

StreamOptions Monitor::Impl::options_of(StreamId id) {
  auto known = stream(id);
  if (!known) return {};
  const Channel& of = channel(*known);
  StreamOptions options;
  options.key = StreamKey::parse(board.view().name_of(known->slot)).value_or(StreamKey{});
  options.policy = policies[known->own.watch.policy];
  options.cadence = of.cadence;
  options.event_time = of.event_time;
  options.absent_is_unchanged = of.rules.absent_is_unchanged;
  options.repeat_confirms = of.rules.repeat_confirms;
  options.seq_orders = of.rules.seq_orders;
  options.required = known->slot.required;
  options.clock_group = clocks[of.clock].group;
  return options;
}

std::optional<std::uint16_t> Monitor::Impl::channel_for(const StreamOptions& options) {
  constexpr std::size_t most = 65'535;
  const std::size_t clock = clock_of(clock_group_of(options));
  const Channel wanted{.rules = {.kind = options.key.kind,
                                 .absent_is_unchanged = options.absent_is_unchanged,
                                 .repeat_confirms = options.repeat_confirms,
                                 .seq_orders = options.seq_orders},
                       .cadence = options.cadence,
                       .event_time = options.event_time,
                       .clock = clock,
                       .offset = clocks[clock].offset.get()};
  const auto found = std::ranges::find(channels, wanted);
  if (found != channels.end()) return static_cast<std::uint16_t>(found - channels.begin());
  if (channels.size() == most) return std::nullopt;
  channels.push_back(wanted);
  return static_cast<std::uint16_t>(channels.size() - 1);
}

std::size_t Monitor::Impl::clock_of(const std::string& group) {
  const auto found = std::ranges::find(clocks, group, &Clock::group);
  if (found != clocks.end()) return static_cast<std::size_t>(found - clocks.begin());
  clocks.push_back({group, std::make_unique<ClockOffset>()});
  return clocks.size() - 1;
}

std::optional<Monitor::Impl::Stream> Monitor::Impl::stream(StreamId id) {
  if (!board.holds(id)) return std::nullopt;
  return Stream{id, board.own(id), board.owned<OwnerState>(id.index())};
}

}  // namespace feedwatch
