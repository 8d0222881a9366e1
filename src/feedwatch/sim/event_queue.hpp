#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "feedwatch/base/time.hpp"

namespace feedwatch::sim {

/// Who goes first among events of one instant: the outside world, then sockets and completions on
/// the monitor's host, then its deadlines, then whoever only looks.
enum class Turn : std::uint8_t { world, host, deadline, look };

/// What will happen, in the order (time, turn, insertion): the only scheduler of the simulated
/// world. Not thread-safe; owns its tasks.
class EventQueue {
 public:
  using Task = std::move_only_function<void()>;
  struct Entry {
    MonoTime at{};
    Turn turn = Turn::world;
    std::uint64_t order = 0;
    Task task;
  };

  void add(MonoTime at, Turn turn, Task task);
  /// Moment of the next event; never_mono when there is none.
  MonoTime next() const;
  /// Removes and returns the next event. Precondition: next() != never_mono.
  Entry pop();
  std::size_t size() const { return heap_.size(); }

 private:
  static bool later(const Entry& a, const Entry& b);

  std::vector<Entry> heap_;
  std::uint64_t inserted_ = 0;
};

}  // namespace feedwatch::sim
