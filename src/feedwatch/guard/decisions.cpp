#include "feedwatch/guard/decisions.hpp"

namespace feedwatch {

Decisions::Decisions() {
  entries_[other].name = "other";
}

Decisions::Consumer Decisions::consumer(std::string_view name) {
  const std::size_t known = registered_.load(std::memory_order_relaxed);
  for (Consumer i = 0; i < known; ++i) {
    if (entries_[i].name == name) return i;
  }
  if (known == max_consumers) return other;
  entries_[known].name = name;
  registered_.store(known + 1, std::memory_order_release);
  return known;
}

void Decisions::count_price(Consumer consumer, PriceSource source, Level level) {
  Entry& entry = entries_[consumer];
  auto& counters = level == Level::degraded ? entry.degraded : entry.accepted;
  counters[static_cast<std::size_t>(source)].fetch_add(1, std::memory_order_relaxed);
}

void Decisions::count_refusal(Consumer consumer, RefusalCode code) {
  entries_[consumer].refused[static_cast<std::size_t>(code)].fetch_add(1,
                                                                       std::memory_order_relaxed);
}

std::vector<Decisions::Row> Decisions::rows() const {
  std::vector<Row> rows;
  const std::size_t known = registered_.load(std::memory_order_acquire);
  for (Consumer i = 0; i < known; ++i) append(entries_[i], rows);
  append(entries_[other], rows);
  return rows;
}

void Decisions::append(const Entry& entry, std::vector<Row>& rows) {
  const auto add = [&](std::string_view verdict, std::string_view reason, const auto& counter) {
    const std::uint64_t count = counter.load(std::memory_order_relaxed);
    if (count > 0) rows.push_back({entry.name, verdict, reason, count});
  };
  for (std::size_t i = 0; i < price_source_count; ++i) {
    const auto source = static_cast<PriceSource>(i);
    const bool live = source == PriceSource::live;
    add("accepted", live ? "ok" : to_text(source), entry.accepted[i]);
    add("degraded", live ? "degraded" : to_text(source), entry.degraded[i]);
  }
  for (std::size_t i = 0; i < refusal_count; ++i) {
    add("refused", to_text(static_cast<RefusalCode>(i)), entry.refused[i]);
  }
}

}  // namespace feedwatch
