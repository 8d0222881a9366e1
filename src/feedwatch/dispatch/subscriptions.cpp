#include <algorithm>
#include <utility>

#include "feedwatch/dispatch/callback.hpp"
#include "feedwatch/dispatch/event.hpp"

namespace feedwatch {

using dispatch::nobody;

namespace {

constexpr std::uint64_t of_pattern = std::uint64_t{1} << 63U;

}  // namespace

Dispatcher::~Dispatcher() {
  const Running running(*this);
  for (std::uint32_t index = 0; index < shared_.records.size(); ++index) detach(index, true);
  registry_.close_queues();
  ended_.clear();
}

Subscription Dispatcher::subscribe(StreamId stream, const ConsumerOptions& options,
                                   Callbacks callbacks) {
  end_earlier(stream);
  // A callback that heard of that end may have ended this stream too.
  if (!board_.holds(stream)) return {};
  const auto consumer = registry_.consumer(options, std::move(callbacks));
  if (!consumer) return {};
  const auto index = attach(stream, *consumer);
  if (!index) return {};
  Record& record = shared_.records[*index];
  record.unlock(record.lock().with(State::chosen));
  return handle(*index);
}

Subscription Dispatcher::subscribe_matching(std::string_view pattern,
                                            const ConsumerOptions& options, Callbacks callbacks) {
  const auto consumer = registry_.consumer(options, std::move(callbacks));
  if (!consumer) return {};
  return {registry_.add_pattern(*consumer, std::string(pattern)).id | of_pattern};
}

void Dispatcher::on_stream(StreamId stream, Subscription only) {
  if (registry_.patterns().empty()) return;
  end_earlier(stream);
  if (!board_.holds(stream)) return;
  const std::string_view text = board_.name_of(stream.index());
  std::vector<std::uint16_t> chosen;
  for (const auto& pattern : registry_.patterns()) {
    const bool asked = only.id == 0 || only.id == (pattern.id | of_pattern);
    if (asked && glob_match(pattern.text, text)) chosen.push_back(pattern.consumer);
  }
  for (const std::uint16_t consumer : chosen) attach(stream, consumer);
}

void Dispatcher::unsubscribe(Subscription subscription) {
  const Running running(*this);
  if ((subscription.id & of_pattern) != 0) {
    end_pattern(subscription.id & ~of_pattern);
  } else if (const auto index = place_of(subscription)) {
    detach(*index, true);
  }
}

void Dispatcher::leave(StreamId stream) {
  leaving_.push_back({stream, name(stream)});
}

void Dispatcher::drop_stream(StreamId stream) {
  end_all(stream);
  std::erase_if(leaving_, [&](const Leaving& left) { return left.stream == stream; });
}

void Dispatcher::end_all(StreamId stream) {
  const Running running(*this);
  ++events_;
  bool first = true;
  for_each(stream, [&](std::uint32_t index) {
    // Before the first call: a callback that hears of the end may begin another stream here.
    if (std::exchange(first, false)) {
      fanout(stream).all_seen();
      windows_.remove(place(stream));
    }
    detach(index, false);
  });
}

/// A callback that hears of one stream's end may begin another in its place, before all who watched
/// the first have been told.
void Dispatcher::end_earlier(StreamId stream) {
  // Those at this moment: whoever leaves inside a call made here has left when it returns.
  const std::vector<Leaving> leaving = leaving_;
  for (const Leaving& left : leaving) {
    if (place(left.stream) == place(stream)) end_all(left.stream);
  }
}

/// The board's own text, which it keeps for good.
StreamName Dispatcher::name(StreamId stream) const {
  const auto left = std::ranges::find(leaving_, stream, &Leaving::stream);
  return left != leaving_.end() ? left->name : StreamName(board_.name_of(stream.index()));
}

std::optional<std::uint32_t> Dispatcher::find(StreamId stream, std::uint16_t consumer) const {
  for (std::uint32_t index = fanout(stream).head; index != nobody;
       index = shared_.records[index].next_of_stream()) {
    const Record& record = shared_.records[index];
    const State state = record.state();
    const bool same = record.stream() == stream && state.consumer() == consumer;
    if (same && !state.has(State::closed)) return index;
  }
  return std::nullopt;
}

/// Precondition: end_earlier(), and the stream is there: no callback is made here.
std::optional<std::uint32_t> Dispatcher::attach(StreamId stream, std::uint16_t number) {
  if (const auto known = find(stream, number)) return known;
  Consumer& consumer = shared_.consumers[number];
  const auto index = free_record();
  if (!index) {
    // A registration nobody has subscribed with is none.
    ++consumer.open;
    registry_.end_one(number);
    return std::nullopt;
  }
  ++events_;
  const Slot slot = shared_.board.own(stream);
  // Ticks the others have not looked at are before its time.
  flush(stream, slot);
  ++consumer.open;
  ++consumer.records;
  const State begun = State::begin(number, consumer.queued(), slot.ticks);
  shared_.records[*index].begin(stream, begun, slot.ticks, slot.level);
  link(*index, consumer.options.priority);
  Fanout& fanout = this->fanout(stream);
  fanout.restrict(consumer.options.max_age, consumer.options.basis);
  fanout.quiet_until = MonoTime::min();
  arm_(stream, next_refusal(stream, slot));
  return index;
}

/// The place that has rested longest, so that an old handle stays refused as long as possible.
std::optional<std::uint32_t> Dispatcher::free_record() {
  if (first_free_ == nobody) return shared_.records.grow();
  const std::uint32_t index = first_free_;
  first_free_ = shared_.records[index].next_queued;
  if (first_free_ == nobody) last_free_ = nobody;
  return index;
}

Subscription Dispatcher::handle(std::uint32_t index) const {
  const std::uint64_t generation = shared_.records[index].generation();
  return {(generation << 32U) | (std::uint64_t{index} + 1U)};
}

std::optional<std::uint32_t> Dispatcher::place_of(Subscription subscription) const {
  const auto index = static_cast<std::uint32_t>(subscription.id) - 1U;
  if (subscription.id == 0 || index >= shared_.records.size()) return std::nullopt;
  return handle(index) == subscription ? std::optional{index} : std::nullopt;
}

/// Behind those of the same priority.
void Dispatcher::link(std::uint32_t index, int priority) {
  Record& record = shared_.records[index];
  Fanout& fanout = this->fanout(record.stream());
  std::uint32_t before = nobody;
  std::uint32_t behind = fanout.head;
  while (behind != nobody && consumer_of(shared_.records[behind]).options.priority <= priority) {
    before = std::exchange(behind, shared_.records[behind].next_of_stream());
  }
  record.set_next_of_stream(behind);
  follow(fanout, before, index);
}

void Dispatcher::unlink(std::uint32_t index) {
  Fanout& fanout = this->fanout(shared_.records[index].stream());
  fanout.least_max_age_ms = Fanout::longest_ms;
  std::uint32_t before = nobody;
  for (std::uint32_t at = fanout.head; at != nobody; at = shared_.records[at].next_of_stream()) {
    const Record& record = shared_.records[at];
    if (at == index) {
      follow(fanout, before, record.next_of_stream());
      continue;
    }
    const ConsumerOptions& options = consumer_of(record).options;
    fanout.restrict(options.max_age, options.basis);
    before = at;
  }
}

/// Makes `index` the one behind `before` in the stream's list; behind nobody: its first.
void Dispatcher::follow(Fanout& fanout, std::uint32_t before, std::uint32_t index) {
  if (before == nobody) {
    fanout.head = index;
  } else {
    shared_.records[before].set_next_of_stream(index);
  }
}

void Dispatcher::detach(std::uint32_t index, bool may_wait) {
  Record& record = shared_.records[index];
  if (record.state().has(State::closed)) return;
  ++events_;
  Consumer& consumer = consumer_of(record);
  const StreamName name = this->name(record.stream());
  const State state = record.lock();
  const bool running = state.has(State::calling);
  const bool wait = running && may_wait && consumer.queued() && !dispatch::in_callback();
  const bool later = running && !wait;
  record.unlock(state.without(State::pending | State::tell)
                    .with(State::closed | State::if_so(State::detach_later, later)));
  fanout(record.stream()).quiet_until = MonoTime::min();
  ended_.push_back(index);
  if (wait) record.wait_while_calling();
  if (!later) dispatch::call_detached(consumer, name);
  finish_detach(index, state.has(State::handed));
}

void Dispatcher::finish_detach(std::uint32_t index, bool was_handed) {
  Consumer& consumer = consumer_of(shared_.records[index]);
  constexpr std::uint32_t few = 64;
  // The queue's thread, if it runs at all, gives back what has ended; if not, nothing may pile up.
  if (was_handed && ++consumer.ended_in_queue > std::max(few, consumer.open)) {
    consumer.ended_in_queue = 0;
    consumer.queue->drop_closed();
  }
  registry_.end_one(consumer.number);
}

void Dispatcher::end_pattern(std::uint64_t id) {
  const auto pattern = registry_.remove_pattern(id);
  if (!pattern) return;
  const std::string& text = pattern->text;
  for (std::uint32_t index = 0; index < shared_.records.size(); ++index) {
    const Record& record = shared_.records[index];
    const State state = record.state();
    if (state.has(State::closed) || state.consumer() != pattern->consumer) continue;
    const std::string_view name = this->name(record.stream()).text();
    if (state.has(State::chosen) || !glob_match(text, name)) continue;
    if (!registry_.any_pattern_matches(pattern->consumer, name)) detach(index, true);
  }
  registry_.end_one(pattern->consumer);
}

/// Forgets what has ended and is in no list any more. A bounded number each time: what a consumer
/// holds on to may be many.
void Dispatcher::purge() {
  constexpr int most = 8;
  // Destroying callbacks may run a consumer's own destructors, and those may unsubscribe others.
  for (int tried = 0; tried < most && !ended_.empty(); ++tried) {
    if (purged_ >= ended_.size()) purged_ = 0;
    const std::uint32_t index = ended_[purged_];
    const State state = shared_.records[index].state();
    if (state.has(State::handed) || state.has(State::calling)) {
      ++purged_;
      continue;
    }
    ended_[purged_] = ended_.back();
    ended_.pop_back();
    forget(index);
  }
}

void Dispatcher::forget(std::uint32_t index) {
  Record& record = shared_.records[index];
  const StreamId stream = record.stream();
  const std::uint16_t consumer = record.state().consumer();
  unlink(index);
  if (fanout(stream).head == nobody) windows_.remove(place(stream));
  record.end_generation();
  record.next_queued = nobody;
  if (last_free_ != nobody) {
    shared_.records[last_free_].next_queued = index;
  } else {
    first_free_ = index;
  }
  last_free_ = index;
  registry_.forget_one(consumer);
}

}  // namespace feedwatch
