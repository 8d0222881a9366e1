#include "feedwatch/guard/decisions.hpp"

namespace feedwatch {

Decisions::Consumer& Decisions::consumer(std::string_view name) {
  const std::size_t known = registered_.load(std::memory_order_relaxed);
  for (std::size_t i = 0; i < known; ++i) {
    if (consumers_[i]->name_ == name) return *consumers_[i];
  }
  if (known == max_consumers) return other_;
  consumers_[known] = std::make_unique<Consumer>(name);
  registered_.store(known + 1, std::memory_order_release);
  return *consumers_[known];
}

std::vector<Decisions::Row> Decisions::rows() const {
  std::vector<Row> rows;
  const std::size_t known = registered_.load(std::memory_order_acquire);
  for (std::size_t i = 0; i < known; ++i) append(*consumers_[i], rows);
  append(other_, rows);
  return rows;
}

void Decisions::append(const Consumer& consumer, std::vector<Row>& rows) {
  const auto add = [&](std::string_view verdict, std::string_view reason, auto counters,
                       std::size_t place) {
    std::uint64_t count = 0;
    for (const auto& stripe : consumer.stripes_) {
      count += (stripe.*counters)[place].load(std::memory_order_relaxed);
    }
    if (count > 0) rows.push_back({consumer.name_, verdict, reason, count});
  };
  using Counters = Consumer::Counters;
  for (std::size_t i = 0; i < price_source_count; ++i) {
    const auto source = static_cast<PriceSource>(i);
    const bool live = source == PriceSource::live;
    add("accepted", live ? "ok" : to_text(source), &Counters::accepted, i);
    add("degraded", live ? "degraded" : to_text(source), &Counters::degraded, i);
  }
  for (std::size_t i = 0; i < refusal_count; ++i) {
    add("refused", to_text(static_cast<RefusalCode>(i)), &Counters::refused, i);
  }
}

}  // namespace feedwatch
