#include "feedwatch/sim/event_queue.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace feedwatch::sim {

bool EventQueue::later(const Entry& a, const Entry& b) {
  return std::tie(a.at, a.turn, a.order) > std::tie(b.at, b.turn, b.order);
}

void EventQueue::add(MonoTime at, Turn turn, Task task) {
  heap_.push_back({at, turn, inserted_++, std::move(task)});
  std::ranges::push_heap(heap_, later);
}

MonoTime EventQueue::next() const {
  return heap_.empty() ? never_mono : heap_.front().at;
}

EventQueue::Entry EventQueue::pop() {
  std::ranges::pop_heap(heap_, later);
  Entry entry = std::move(heap_.back());
  heap_.pop_back();
  return entry;
}

}  // namespace feedwatch::sim
