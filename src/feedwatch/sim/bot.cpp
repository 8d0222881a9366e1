#include "feedwatch/sim/bot.hpp"

#include <fmt/format.h>

namespace feedwatch::sim {
namespace {

/// Numbers begin anew with a position that is registered again.
std::string position_of(const PositionDecisionRow& row) {
  return fmt::format("{}/{}/{}{}", row.venue, row.symbol, row.position,
                     row.id.substr(row.id.rfind('@')));
}

bool is_same(const PositionDecisionRow& a, const PositionDecisionRow& b) {
  return a.type == b.type && a.number == b.number && a.price == b.price && a.stop == b.stop &&
         a.peak == b.peak && a.target == b.target && a.reason == b.reason;
}

}  // namespace

void Bot::on_decision(const PositionDecisionRow& row) {
  parts_.log.line(
      parts_.clock.now(), "bot",
      fmt::format("{} {} {} price={} stop={} target={}", row.id, row.number, row.type,
                  row.price.value_or("-"), row.stop.value_or("-"), row.target.value_or("-")));
  const auto [known, is_new] = by_key_.try_emplace(row.id, decisions_.size());
  if (is_new) {
    std::int64_t& newest = numbers_[position_of(row)];
    if (row.number <= newest) {
      complaints_.push_back(fmt::format("{} came after {}", row.id, newest));
    }
    newest = row.number;
    decisions_.push_back(row);
  } else if (!is_same(decisions_[known->second], row)) {
    complaints_.push_back(fmt::format("{} came twice, and not the same", row.id));
  }
  const bool is_proposal = row.type == "activated" || row.type == "stop_moved";
  if (!is_proposal || mode_ == BotMode::ignores) return;
  parts_.host.post(parts_.clock.now() + answer_time,
                   [this, key = PositionKey{row.venue, row.symbol, row.position},
                    number = static_cast<std::uint64_t>(row.number),
                    confirmed = mode_ == BotMode::confirms] { answer_(key, number, confirmed); });
}

}  // namespace feedwatch::sim
