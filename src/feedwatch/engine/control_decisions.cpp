// What the rules of positions decide: from accepted prices to rows, and from rows to whoever is
// told.

#include <utility>

#include <fmt/format.h>

#include "feedwatch/alert/identity.hpp"
#include "feedwatch/engine/control_impl.hpp"

namespace feedwatch::engine {
namespace {

using alert::Evidence;

/// Rows of memory a second: peaks move with every price, and are worth a row only when they last.
constexpr std::size_t kept_at_once = 2'000;

std::string text_of(const PositionKey& key) {
  return key.venue + "/" + key.symbol + "/" + key.id;
}

std::string words_of(const ProtectionDecision& decision) {
  std::string words = fmt::format("decided {} {}", decision.number, type_text(decision));
  if (decision.price) words += " at " + decision.price->to_string();
  return words;
}

}  // namespace

void Control::Impl::recover_rules(const Recovered& recovered, MonoTime now) {
  const auto keep = [&](const auto& row) {
    const Result<void> kept = position_rules.restore(row);
    if (!kept) tell({row.venue, row.symbol, row.id}, kept.error().text(), now);
  };
  for (const TrailingStopRow& row : recovered.trailing_stops) keep(row);
  for (const AgedPositionRow& row : recovered.aged_positions) keep(row);
  for (const auto& [key, lease] : positions.book().all()) apply_rules(lease.position, now);
}

void Control::Impl::apply_rules(const Position& position, MonoTime now) {
  const Result<void> applied = position_rules.put(position, now);
  if (!applied) tell(key_of(position), applied.error().text(), now);
}

/// Nothing is decided by a price that a guard would not give out at this very moment.
void Control::Impl::take_prices(MonoTime now) {
  if (ports.tap == nullptr) return;
  for (const TappedPrices& prices : ports.tap->take()) {
    const auto track = streams.find(prices.stream);
    if (track == streams.end()) continue;
    const StreamKey& key = track->second.status.info->key;
    const Guard::Answer* verdict = positions.verdict(key.venue, key.symbol, cadence_of(), now);
    if (verdict == nullptr) continue;
    const bool is_quote = key.kind == Kind::quote;
    const PositionRules::Symbol symbol{key.venue, key.symbol};
    decided(*verdict ? position_rules.on_prices(symbol, prices, **verdict, is_quote, now)
                     : position_rules.on_verdict(symbol, *verdict, is_quote, now),
            now);
  }
}

void Control::Impl::take_verdicts(MonoTime now) {
  positions.for_each_source([&](const StreamKey& stream, const Guard::Answer& verdict) {
    decided(position_rules.on_verdict({stream.venue, stream.symbol}, verdict,
                                      stream.kind == Kind::quote, now),
            now);
  });
}

/// Written with what must not be lost, and told once that is durable.
void Control::Impl::decided(const PositionRules::Decisions& decisions, MonoTime now) {
  judge_rules(now);
  if (decisions.empty()) return;
  for (const ProtectionDecision& decision : decisions) {
    tell(decision.key, words_of(decision), now);
  }
  journal.push({journal.next_key("decisions"), position_rules.rows_of(decisions, now)},
               JournalQueue::Type::alert, now);
}

void Control::Impl::keep_rules(MonoTime now) {
  std::vector<JournalRow> rows = position_rules.changed_rows(kept_at_once, now);
  if (rows.empty()) return;
  journal.push({journal.next_key("rules"), std::move(rows)}, JournalQueue::Type::telemetry, now);
}

void Control::Impl::judge_rules(MonoTime now) {
  for (const ProtectionFinding& finding : position_rules.take_findings()) {
    const PositionLease* lease = positions.book().find(finding.key);
    if (lease == nullptr) continue;
    judged(rules::position_rule(*lease, finding, now), rules::name_of(finding.type),
           rules::position_scope(finding.key), now, Evidence::seen, now);
  }
}

void Control::on_prices(MonoTime now) {
  impl_->take_prices(now);
  impl_->run(now);
}

Result<void> Control::answer_decision(const PositionKey& key, std::uint64_t number,
                                      bool confirmed) {
  Impl& impl = *impl_;
  const MonoTime now = impl.ports.clock.now();
  if (impl.positions.book().find(key) == nullptr) {
    return std::unexpected(Error{text_of(key), "is not registered (any more)", ""});
  }
  impl.decided(impl.position_rules.answer(key, number, confirmed, now), now);
  impl.run(now);
  return {};
}

}  // namespace feedwatch::engine
