#include <algorithm>
#include <limits>

#include "feedwatch/monitor/impl.hpp"

namespace feedwatch {
namespace {

/// A deadline slice (4096 streams) may log a few changes each before they are taken.
constexpr std::size_t changes_per_stream = 8;
constexpr std::size_t min_changes = 16'384;

std::size_t usable_capacity(std::size_t wanted) {
  constexpr std::size_t most = StreamId::index_mask;
  return std::min(wanted, most);
}

Slot fresh_slot(const StreamOptions& options, std::uint32_t generation, MonoTime now) {
  Slot slot;
  slot.wanted = now;
  slot.generation = generation;
  slot.occupied = true;
  slot.event_time_is_publish = options.event_time == EventTime::publish;
  slot.confirm_counts = options.absent_is_unchanged || options.repeat_confirms;
  slot.required = options.required;
  return slot;
}

/// The stream behind the id; nothing when its index was given away since.
StreamState* find_state(const std::vector<std::unique_ptr<StreamState>>& states, StreamId stream) {
  if (stream.index() >= states.size()) return nullptr;
  StreamState* state = states[stream.index()].get();
  const bool same = state != nullptr && StreamId(stream.index(), state->slot.generation) == stream;
  return same ? state : nullptr;
}

std::string clock_group_of(const StreamOptions& options) {
  return options.clock_group.empty() ? options.key.venue : options.clock_group;
}

}  // namespace

Monitor::Impl::Impl(const MonitorOptions& options)
    : anchor(options.anchor),
      board(usable_capacity(options.capacity)),
      index(board.capacity()),
      states(board.capacity()),
      generations(board.capacity()),
      changes(std::max(min_changes, changes_per_stream * board.capacity())),
      tracker(changes),
      dispatcher(board) {
  for (std::size_t i = board.capacity(); i > 0; --i) {
    free_indexes.push_back(static_cast<std::uint32_t>(i - 1));
  }
}

Result<StreamId> Monitor::Impl::add(const StreamOptions& options, MonoTime now) {
  const std::string what = "stream " + options.key.text();
  if (index.find(options.key)) return std::unexpected(Error{what, "is watched already", ""});
  if (free_indexes.empty()) {
    return std::unexpected(
        Error{what, "the board of " + std::to_string(board.capacity()) + " streams is full",
              "raise the capacity or watch fewer streams"});
  }
  const std::uint32_t place = free_indexes.back();
  free_indexes.pop_back();
  const StreamId stream{place, generations[place]};

  auto state = std::make_unique<StreamState>();
  state->options = options;
  state->rules = {options.key.kind, options.absent_is_unchanged, options.repeat_confirms,
                  options.seq_orders};
  state->slot = fresh_slot(options, stream.generation(), now);
  state->watch.policy = options.policy;
  auto& clock = clocks[clock_group_of(options)];
  if (clock == nullptr) clock = std::make_shared<ClockOffset>();
  state->clock = clock;
  tracker.begin(subject(stream, *state), now);
  states[place] = std::move(state);
  ++live;
  board.write(stream, states[place]->slot);
  index.insert(options.key, stream);
  return stream;
}

void Monitor::Impl::remove(StreamId stream, MonoTime now) {
  StreamState* gone = this->state(stream);
  if (gone == nullptr) return;
  tracker.end(subject(stream, *gone), now);
  gone->slot.occupied = false;
  board.write(stream, gone->slot);
  index.erase(gone->options.key);
  // The callbacks of notify_levels() may still look at the stream as it ends; nobody finds it
  // later.
  const std::unique_ptr<StreamState> owned = std::move(states[stream.index()]);
  --live;
  ++generations[stream.index()];
  // To the far end: an index rests as long as possible before it names another stream.
  free_indexes.insert(free_indexes.begin(), static_cast<std::uint32_t>(stream.index()));
  notify_levels();
  dispatcher.drop_stream(stream);
}

StreamState* Monitor::Impl::state(StreamId stream) {
  return find_state(states, stream);
}

const StreamState* Monitor::Impl::state(StreamId stream) const {
  return find_state(states, stream);
}

}  // namespace feedwatch
