#pragma once

#include <expected>
#include <optional>

#include "feedwatch/board/judge.hpp"
#include "feedwatch/dispatch/dispatcher.hpp"

namespace feedwatch {

/// While one lives, nothing is forgotten and no list of subscriptions shrinks.
class Dispatcher::Running {
 public:
  explicit Running(Dispatcher& owner) : owner_(owner) { ++owner_.running_; }
  ~Running() {
    if (owner_.running_ == 1 && !owner_.ended_.empty()) owner_.purge();
    --owner_.running_;
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

 private:
  Dispatcher& owner_;
};

/// The stream as the calls of one event see it: its slot, and the newest verdict on it, which most
/// consumers share. A callback may cause another event; then both are got anew.
struct Dispatcher::Event {
  Event(Dispatcher& dispatcher, StreamId of, MonoTime at)
      : owner(dispatcher), stream(of), name(dispatcher.name(of)), now(at) {
    refresh();
  }

  void refresh() {
    if (number == owner.events_) return;
    number = owner.events_;
    slot = owner.shared_.board.own(stream);
    judged.reset();
  }
  const std::expected<Price, Refusal>& verdict(const ReadOptions& options) {
    refresh();
    if (!judged || !(*judged == options)) {
      answer = judge(slot, options, now);
      judged = options;
    }
    return answer;
  }

  Dispatcher& owner;
  StreamId stream;
  StreamName name;
  MonoTime now;
  std::uint64_t number = 0;
  Slot slot;
  std::optional<ReadOptions> judged;
  std::expected<Price, Refusal> answer;
};

/// What has ended is passed over, also what ends as this goes on.
template <class Action>
void Dispatcher::for_each(StreamId stream, Action&& action) const {
  for (std::uint32_t index = fanout(stream).head; index != dispatch::nobody;
       index = shared_.records[index].next_of_stream()) {
    const Record& record = shared_.records[index];
    if (record.stream() == stream && !record.state().has(State::closed)) action(index);
  }
}

}  // namespace feedwatch
