#pragma once

#include <cstdint>
#include <optional>

#include "feedwatch/base/time.hpp"

namespace feedwatch::intake {

/// Order of one stream by the venue's sequence numbers.
///
/// A venue that starts its numbers again without a word looks like a stream of older ticks. Five of
/// them in a row over at least a second, rising among themselves, are such a new beginning.
class Order {
 public:
  static constexpr std::uint32_t reset_ticks = 5;
  static constexpr Duration reset_span = 1s;

  enum class Place : std::uint8_t { newer, same, older, restarted };

  /// Where `seq` stands; remembers runs of older ones. `at` = arrival.
  Place place(std::uint64_t seq, MonoTime at);
  /// The tick with this number was taken.
  void advance(std::uint64_t seq);
  std::optional<std::uint64_t> last() const { return last_; }
  void reset() { *this = Order{}; }

 private:
  std::optional<std::uint64_t> last_;
  std::uint32_t run_ = 0;  ///< older ticks in a row, rising
  std::uint64_t run_last_ = 0;
  MonoTime run_began_{};
};

}  // namespace feedwatch::intake
