// What the rules of positions decide: from accepted prices to rows, and from rows to whoever is
// told.

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "feedwatch/alert/identity.hpp"
#include "feedwatch/base/saturate.hpp"
#include "feedwatch/engine/control_impl.hpp"

namespace feedwatch::engine {
namespace {

using alert::Evidence;

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
    if (!kept) {
      unreadable.emplace_back(PositionKey{row.venue, row.symbol, row.id}, kept.error().text());
    }
  };
  for (const TrailingStopRow& row : recovered.trailing_stops) keep(row);
  for (const AgedPositionRow& row : recovered.aged_positions) keep(row);
  for (const auto& [key, lease] : positions.book().all()) apply_rules(lease, now);
  recover_unstored(recovered);
}

/// What was open about its rules is judged anew: they begin without a finding.
void Control::Impl::apply_rules(const PositionLease& lease, MonoTime now) {
  const PositionKey key = key_of(lease.position);
  if (position_rules.is_put(lease.position, lease.terms.rules)) return;
  const Result<void> applied =
      position_rules.put(lease.position, anchor.at(lease.registered), now, lease.terms.rules);
  for (const auto type :
       {ProtectionFinding::Type::unmanaged, ProtectionFinding::Type::unconfirmed,
        ProtectionFinding::Type::quarantined, ProtectionFinding::Type::uncomputable}) {
    judged(std::nullopt, rules::name_of(type), rules::position_scope(key), now, Evidence::seen,
           now);
  }
  judge_rules(now);
  if (applied) return;
  // Its numbers beside those of a configuration that has changed since.
  const ProtectionFinding finding{.key = key,
                                  .type = ProtectionFinding::Type::quarantined,
                                  .present = true,
                                  .why = applied.error().text()};
  judged(rules::position_rule(lease, finding, now), rules::name_of(finding.type),
         rules::position_scope(key), now, Evidence::seen, now);
}

/// Whose stream is another one since the last look, by a configuration that was loaded again.
void Control::Impl::follow_streams(MonoTime now) {
  for (const Positions::Moved& moved : positions.take_moved()) {
    decided(position_rules.on_moved({moved.venue, moved.symbol, moved.aged}, now), now);
  }
}

/// Nothing is decided by a price that a guard would not give out at this very moment.
bool Control::Impl::take_prices(MonoTime now) {
  if (ports.tap == nullptr) return false;
  bool any = false;
  const MaxAgeOf limits = max_age_of();
  for (const TappedPrices& prices : ports.tap->take()) {
    const auto track = streams.find(prices.stream);
    if (track == streams.end()) continue;
    const StreamKey& key = track->second.status.info->key;
    PositionRules::Decisions decisions;
    for (const auto* verdict : positions.verdicts(key, limits, now)) {
      if (verdict == nullptr) continue;
      const Guard::Answer answer = verdict->answer;  // what is due by now asks anew
      append(decisions, answer ? position_rules.on_prices({key.venue, key.symbol, verdict->aged},
                                                          prices, *answer, key.kind == Kind::quote,
                                                          verdict->max_age, now)
                               : decide_by(*verdict, now));
    }
    // Not one after the other: whoever is told of a decision looks at the whole position.
    any = decided(decisions, now) || any;
  }
  return any;
}

/// A connection may have broken since the last look.
bool Control::Impl::may_act(const PositionRules::Symbol& symbol, MonoTime now) {
  const auto* verdict =
      positions.verdict(symbol.venue, symbol.symbol, symbol.aged, max_age_of(), now);
  return verdict != nullptr && verdict->answer;
}

void Control::Impl::take_verdict(const Positions::Verdict& verdict, MonoTime now) {
  decided(decide_by(verdict, now), now);
}

PositionRules::Decisions Control::Impl::decide_by(const Positions::Verdict& verdict, MonoTime now) {
  const StreamKey& stream = verdict.stream;
  const Guard::Answer answer = verdict.answer;  // what is due by now asks anew
  return position_rules.on_verdict({stream.venue, stream.symbol, verdict.aged}, answer,
                                   stream.kind == Kind::quote, verdict.max_age, verdict.comes, now);
}

/// Written with what must not be lost, and told once that is durable. Says whether there was news.
bool Control::Impl::decided(const PositionRules::Decisions& decisions, MonoTime now) {
  const bool found = judge_rules(now);
  if (decisions.empty()) return found;
  std::vector<JournalRow> samples = position_rules.samples_of(decisions, now);
  if (!samples.empty()) {
    journal.push({journal.next_key("samples"), std::move(samples)}, JournalQueue::Type::telemetry,
                 now);
  }
  std::vector<DecidedRows> rows = position_rules.rows_of(decisions, now);
  if (rows.empty()) return found;
  for (const ProtectionDecision& decision : decisions) {
    if (!is_sample(decision)) tell(decision.key, words_of(decision), now, decision);
  }
  unstored.add(std::move(rows), now);
  store_decisions(now);
  return true;
}

void Control::Impl::keep_rules(std::size_t limit, MonoTime now) {
  std::vector<JournalRow> rows = position_rules.changed_rows(limit, now);
  if (rows.empty()) return;
  journal.push({journal.next_key("rules"), std::move(rows)}, JournalQueue::Type::telemetry, now);
}

/// At once, while few have changed and nothing else waits for the disk: what comes meanwhile goes
/// together with the answer. Says whether there is something to write.
bool Control::Impl::keep_moved(MonoTime now) {
  if (!started || !journal.empty()) return false;
  if (now >= moved_until) {
    moved_until = plus(now, 1s);
    moved_left = moved_rows;
  }
  if (stopping) moved_left = std::numeric_limits<std::size_t>::max();
  if (moved_left == 0) return false;
  std::vector<JournalRow> rows = position_rules.changed_rows(moved_left, now);
  if (rows.empty()) return false;
  moved_left -= std::min(moved_left, rows.size());
  journal.push({journal.next_key("rules"), std::move(rows)}, JournalQueue::Type::telemetry, now);
  return true;
}

bool Control::Impl::judge_rules(MonoTime now) {
  const std::vector<ProtectionFinding> found = position_rules.take_findings();
  for (const ProtectionFinding& finding : found) {
    const PositionLease* lease = positions.book().find(finding.key);
    if (lease == nullptr) continue;
    judged(rules::position_rule(*lease, finding, now), rules::name_of(finding.type),
           rules::position_scope(finding.key), now, Evidence::seen, now);
  }
  return !found.empty();
}

/// Most prices decide nothing, and are not worth looking at everything else.
void Control::on_prices(MonoTime now) {
  Impl& impl = *impl_;
  const bool news = impl.take_prices(now);
  if (news || !impl.armed || impl.position_rules.next_deadline() < *impl.armed) {
    impl.run(now);
  } else if (impl.keep_moved(now)) {
    impl.journal.on_time(now);
    impl.arm(now);
  }
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
