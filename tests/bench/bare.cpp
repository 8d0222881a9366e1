#include "tests/bench/bare.hpp"

#include <bit>
#include <utility>

namespace feedwatch::bench {

BareTable::BareTable(std::size_t symbols)
    : mask_(std::bit_ceil(symbols * 2) - 1), entries_(mask_ + 1) {}

void BareTable::insert(std::string_view symbol, std::uint32_t place) {
  const Key key = key_of(symbol);
  std::size_t at = hash(key) & mask_;
  while (entries_[at].size != 0) at = (at + 1) & mask_;
  entries_[at] = {key, place, static_cast<std::uint32_t>(symbol.size())};
}

std::size_t BareWheel::advance(MonoTime now) {
  std::size_t looked_at = 0;
  std::vector<std::uint32_t> due;
  for (; reached_ < to_ns(now) >> bucket_bits; ++reached_) {
    std::swap(due, wheel_[static_cast<std::size_t>(reached_) % buckets]);
    looked_at += due.size();
    for (const std::uint32_t stream : due) {
      const std::int64_t deadline = heard_[stream] + limit_;
      if (deadline <= to_ns(now)) {
        ++late_;
      } else {
        hang(stream, deadline);
      }
    }
    due.clear();
    std::swap(due, wheel_[static_cast<std::size_t>(reached_) % buckets]);
  }
  return looked_at;
}

}  // namespace feedwatch::bench
