#pragma once

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "feedwatch/base/time.hpp"

namespace feedwatch {

/// Deadlines of densely numbered things, at most one each: a binary heap that knows where every
/// number stands, so that a deadline moves in place and none is ever left behind. Equal deadlines
/// come in ascending number. Grows to the largest number seen and never beyond. Not thread-safe.
class DeadlineHeap {
 public:
  struct Entry {
    MonoTime at;
    std::uint32_t number;
    friend auto operator<=>(const Entry&, const Entry&) = default;
  };

  void reserve(std::size_t numbers) {
    heap_.reserve(numbers);
    places_.resize(std::max(places_.size(), numbers), absent);
  }
  bool empty() const { return heap_.empty(); }
  MonoTime next() const { return heap_.empty() ? never_mono : heap_.front().at; }
  /// Precondition: not empty.
  Entry top() const { return heap_.front(); }

  /// Replaces the number's deadline; never_mono removes it.
  void set(std::uint32_t number, MonoTime at) {
    erase(number);
    if (at == never_mono) return;
    if (number >= places_.size()) places_.resize(number + 1U, absent);
    heap_.push_back({at, number});
    places_[number] = heap_.size() - 1;
    rise(heap_.size() - 1);
  }
  /// Keeps an earlier deadline: the way a tick re-arms without moving anything.
  void set_not_later(std::uint32_t number, MonoTime at) {
    const std::size_t place = place_of(number);
    if (place == absent || at < heap_[place].at) set(number, at);
  }
  void erase(std::uint32_t number) {
    const std::size_t place = place_of(number);
    if (place == absent) return;
    swap_entries(place, heap_.size() - 1);
    heap_.pop_back();
    places_[number] = absent;
    if (place == heap_.size()) return;
    rise(place);
    sink(place);
  }

 private:
  static constexpr std::size_t absent = std::numeric_limits<std::size_t>::max();

  std::size_t place_of(std::uint32_t number) const {
    return number < places_.size() ? places_[number] : absent;
  }
  void swap_entries(std::size_t a, std::size_t b) {
    std::swap(heap_[a], heap_[b]);
    places_[heap_[a].number] = a;
    places_[heap_[b].number] = b;
  }
  void rise(std::size_t place) {
    while (place > 0) {
      const std::size_t parent = (place - 1) / 2;
      if (!(heap_[place] < heap_[parent])) return;
      swap_entries(place, parent);
      place = parent;
    }
  }
  void sink(std::size_t place) {
    for (;;) {
      std::size_t least = place;
      for (const std::size_t child : {2 * place + 1, 2 * place + 2}) {
        if (child < heap_.size() && heap_[child] < heap_[least]) least = child;
      }
      if (least == place) return;
      swap_entries(place, least);
      place = least;
    }
  }

  std::vector<Entry> heap_;
  std::vector<std::size_t> places_;
};

}  // namespace feedwatch
