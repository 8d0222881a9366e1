#include "feedwatch/signals/tally.hpp"

#include "feedwatch/base/saturate.hpp"

namespace feedwatch::signals {
namespace {

constexpr std::uint64_t tolerated = 100;  ///< one in so many

constexpr std::size_t index_of(MessageType type) {
  return static_cast<std::size_t>(type);
}

}  // namespace

void Tally::roll(MonoTime now) {
  if (!begun_) begun_ = now;
  const Duration age = minus(now, *begun_);
  if (age < window) return;
  for (Row& row : rows_) {
    row.previous = age < 2 * window ? row.current : Counts{};
    row.current = {};
  }
  begun_ = now;
}

void Tally::count(MessageType type, const std::optional<std::string>& why, MonoTime now) {
  roll(now);
  Row& row = rows_.at(index_of(type));
  if (why) {
    if (recent(row, now).failed == 0) row.since = now;
    row.why = *why;
  }
  for (Counts* counts : {&row.total, &row.current}) {
    ++counts->received;
    if (why) ++counts->failed;
  }
}

/// Of the windows that reach into the last five minutes.
Tally::Counts Tally::recent(const Row& row, MonoTime now) const {
  if (!begun_) return {};
  const Duration age = minus(now, *begun_);
  if (age >= 2 * window) return {};
  if (age >= window) return row.current;
  return {row.current.received + row.previous.received, row.current.failed + row.previous.failed};
}

std::optional<Tally::Finding> Tally::finding(MonoTime now) const {
  std::uint64_t all = 0;
  for (const Row& row : rows_) all += recent(row, now).received;
  std::optional<Finding> worst;
  for (std::size_t i = 0; i < types; ++i) {
    const Row& row = rows_.at(i);
    const Counts counts = recent(row, now);
    // What does not even say its type is a part of everything.
    const bool typeless = i == index_of(MessageType::unreadable);
    const std::uint64_t of = typeless ? all : counts.received;
    if (counts.failed * tolerated <= of) continue;
    if (worst && worst->failed * of >= counts.failed * worst->of) continue;
    worst = Finding{.type = static_cast<MessageType>(i),
                    .failed = counts.failed,
                    .of = of,
                    .since = row.since,
                    .why = row.why};
  }
  return worst;
}

std::vector<PulseSource::Count> Tally::totals() const {
  std::vector<PulseSource::Count> totals;
  totals.reserve(types);
  for (std::size_t i = 0; i < types; ++i) {
    const Counts& total = rows_.at(i).total;
    totals.push_back({message_type_words.at(i), total.received, total.failed});
  }
  return totals;
}

}  // namespace feedwatch::signals
