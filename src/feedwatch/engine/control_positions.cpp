// Positions somebody has registered: their leases, verdicts and alerts.

#include <utility>

#include <fmt/format.h>

#include "feedwatch/alert/identity.hpp"
#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/engine/control_impl.hpp"

namespace feedwatch::engine {
namespace {

using alert::Evidence;

std::string text_of(const PositionKey& key) {
  return key.venue + "/" + key.symbol + "/" + key.id;
}

/// Of a position, as the table of aged positions has them.
AgedMonitoringEventRow event_row(const PositionKey& key, std::string_view type, WallTime at) {
  AgedMonitoringEventRow row;
  row.aged_position_id = text_of(key);
  row.id =
      fmt::format("{}/{}/{:x}", row.aged_position_id, type, static_cast<std::uint64_t>(to_ns(at)));
  row.event_type = type;
  row.event_metadata = "{}";
  row.created_at = at;
  return row;
}

AgedMonitoringEventRow warning_row(const PositionNews& news, WallTime at) {
  AgedMonitoringEventRow row = event_row(news.key, "stale_price_warning", at);
  row.action_taken = "refused";
  row.error_message = to_text(news.code);
  row.event_metadata.clear();
  JsonWriter json(row.event_metadata);
  json.begin_object()
      .field("refusal", to_text(news.code))
      .field("reason", to_text(news.event.reason));
  json.key("staleness_seconds");
  if (news.event.staleness) {
    json.number(to_seconds(*news.event.staleness));
  } else {
    json.null();
  }
  json.end_object();
  return row;
}

std::string words_of(const PositionNews& news) {
  if (news.event.type == PositionEvent::Type::refusal_ended) {
    return fmt::format("served again after {:.3f}s", to_seconds(news.event.lasted));
  }
  return fmt::format("refused {} {}", to_text(news.code), to_text(news.event.reason));
}

}  // namespace

void Control::Impl::recover_positions(const Recovered& recovered, MonoTime now) {
  for (const PositionRow& row : recovered.positions) {
    const PositionKey key{row.venue, row.symbol, row.id};
    if (const Result<void> kept = positions.restore(row, anchor); !kept) {
      unreadable.emplace_back(key, kept.error().text());
      continue;
    }
    // What is open about it ends only when a price has been seen.
    troubled.insert(key);
  }
  recover_rules(recovered, now);
  recover_sources(now);
}

/// Once there is somebody to hear it.
void Control::Impl::tell_unreadable(MonoTime now) {
  for (auto& [key, why] : std::exchange(unreadable, {})) tell(key, std::move(why), now);
}

void Control::Impl::tell(const PositionKey& key, std::string text, MonoTime now,
                         std::optional<ProtectionDecision> decision) const {
  Event event;
  event.type = Event::Type::position;
  event.at = now;
  event.subject = text_of(key);
  event.text = std::move(text);
  event.decision = std::move(decision);
  emit(event);
}

void Control::Impl::judge_positions(MonoTime now) {
  if (stopping || now < look_at_positions || positions.book().size() == 0) return;
  look_at_positions = now + Positions::look_every;
  positions.look(max_age_of(), now);
  follow_streams(now);
  record_news(now);
  positions.for_each_verdict([&](const auto& verdict) { take_verdict(verdict, now); });
  positions.for_each_divergence([&](const auto& view) { judge_divergence(view, now); });
  keep_rules(kept_at_once, now);
  std::set<PositionKey> before = std::exchange(troubled, {});
  positions.for_each_troubled(now, [&](const PositionView& view) {
    const PositionKey key = key_of(view.lease.position);
    before.erase(key);
    judge_position(view, now);
    troubled.insert(key);
  });
  for (const PositionKey& key : before) {
    const auto view = positions.view(key, now);
    if (!view) continue;
    judge_position(*view, now);
    if (!view->price) troubled.insert(key);
  }
}

/// What nobody has seen to end stays open, also of an earlier run.
void Control::Impl::judge_divergence(const DivergenceView& view, MonoTime now) {
  const bool diverged = view.state == DivergenceWatch::State::diverged;
  if (!diverged && view.state != DivergenceWatch::State::agreed) return;
  const rules::DivergenceFacts facts{.venue = view.venue,
                                     .symbol = view.symbol,
                                     .since = diverged ? view.since : std::nullopt,
                                     .last = view.last.prices.price,
                                     .mark = view.mark.prices.price,
                                     .last_age = view.last.receive_age,
                                     .mark_age = view.mark.receive_age,
                                     .percent = view.percent,
                                     .limit_percent = options.positions.divergence->percent,
                                     .positions = view.positions};
  judged(rules::kind_divergence(facts), rules::kind_divergence_name,
         rules::symbol_scope(view.venue, view.symbol), now, Evidence::seen, now);
}

MaxAgeOf Control::Impl::max_age_of() const {
  return [this](StreamId stream) -> std::optional<Duration> {
    const auto track = streams.find(stream);
    if (track == streams.end()) return std::nullopt;
    const StreamInfo& info = *track->second.status.info;
    return PriceTap::max_age_of(info.policy, info.cadence);
  };
}

void Control::Impl::record_news(MonoTime now) {
  std::vector<JournalRow> rows;
  for (const PositionNews& news : positions.take_news()) {
    tell(news.key, words_of(news), now);
    if (news.event.type == PositionEvent::Type::refusal_began) {
      rows.emplace_back(warning_row(news, anchor.at(now)));
    }
  }
  if (rows.empty()) return;
  journal.push({journal.next_key("positions"), std::move(rows)}, JournalQueue::Type::alert, now);
}

void Control::Impl::judge_position(const PositionView& view, MonoTime now) {
  const std::string refusal =
      view.refusal ? std::string(to_text(view.refusal->code)) : std::string{};
  const rules::PositionFacts facts{.lease = view.lease,
                                   .findings = view.findings,
                                   .expired = view.expired,
                                   .refused_since = view.refused_since,
                                   .stream = view.stream,
                                   .refusal = refusal,
                                   .age = view.refusal ? view.refusal->age : std::nullopt,
                                   .detail = view.detail};
  const Labels scope = rules::position_scope(key_of(view.lease.position));
  const Evidence served = view.price ? Evidence::seen : Evidence::none;
  judged(rules::position_unprotected(facts), rules::position_unprotected_name, scope, now, served,
         now);
  judged(rules::position_unserved(facts), rules::position_unserved_name, scope, now, served, now);
  judged(rules::position_expired(facts), rules::position_expired_name, scope, now, Evidence::seen,
         now);
}

/// With `more` rows in the same batch.
void Control::Impl::keep(const PositionLease& lease, JournalQueue::Type type, MonoTime now,
                         std::vector<JournalRow> more) {
  PositionRow row = position_row(lease, anchor, now);
  const bool suspect = unstored_positions.is_suspect(key_of(lease.position));
  unstored_positions.on_pushed(row);
  more.insert(more.begin(), std::move(row));
  journal.push({journal.next_key("positions"), std::move(more)}, type, now, suspect);
}

/// What follows from it being in the book as it is now. `renewal`: as what a mere renewal is
/// written, if it is.
void Control::Impl::took(PositionBook::Put put, const PositionKey& key,
                         std::optional<JournalQueue::Type> renewal, MonoTime now) {
  const PositionLease& lease = *positions.book().find(key);
  if (put == PositionBook::Put::renewed) {
    if (!renewal) return;  // a list says what is known
    // What the store refuses is written as it is then, when it is tried again.
    if (!unstored_positions.is_suspect(key)) keep(lease, *renewal, now);
    // Whoever renews ends what was told about its silence now, not with the next look.
    troubled.insert(key);
    judge_position(*positions.view(key, now), now);
    return;
  }
  sources.disputes().on_counts(key, values_of(lease.position), now);
  // What its rules must not lose is that of the opening it now has, in the same batch.
  const bool is_new = put == PositionBook::Put::registered;
  keep(lease, JournalQueue::Type::alert, now,
       is_new ? std::vector<JournalRow>{} : position_rules.redate(lease.position, now));
  tell(
      key,
      fmt::format("{} {} {} at {}", is_new ? "registered" : "changed", to_text(lease.position.side),
                  lease.position.quantity.to_string(), lease.position.entry_price.to_string()),
      now);
  apply_rules(lease, now);
  look_at(key, now);
}

/// A bot that begins registers thousands: each is looked at alone.
void Control::Impl::look_at(const PositionKey& key, MonoTime now) {
  positions.look_at(key, max_age_of(), now);
  follow_streams(now);
  record_news(now);
  for (const bool aged : {false, true}) {
    const auto* verdict = positions.verdict(key.venue, key.symbol, aged, max_age_of(), now);
    if (verdict != nullptr) take_verdict(*verdict, now);
  }
  judge_position(*positions.view(key, now), now);
  troubled.insert(key);
}

Result<PositionView> Control::put_position(Position position, std::optional<Duration> ttl,
                                           std::string owner, PositionTerms terms) {
  Impl& impl = *impl_;
  const MonoTime now = impl.ports.clock.now();
  if (Result<void> fine = impl.position_rules.check(terms.rules); !fine) {
    return std::unexpected(fine.error());
  }
  const PositionKey key = key_of(position);
  const PositionLease* known = impl.positions.book().find(key);
  const std::string listed_by = known != nullptr ? known->listed_by : std::string{};
  const PositionValues listed = known != nullptr ? values_of(known->position) : PositionValues{};
  const auto put = impl.positions.put(std::move(position), ttl, std::move(owner), now,
                                      impl.anchor.at(now), std::move(terms));
  if (!put) return std::unexpected(put.error());
  // That no list ends it any more is in its row: nothing comes between the two.
  impl.positions.set_listed_by(key, {});
  impl.sources.on_registered_by_hand(key);
  if (impl.sources.lists(listed_by, key)) impl.note_word(key, listed_by, listed, now);
  impl.took(*put, key,
            listed_by.empty() ? JournalQueue::Type::telemetry : JournalQueue::Type::alert, now);
  impl.run(now);
  return *impl.positions.view(key, now);
}

/// `why` may be empty: somebody said so.
void Control::Impl::close(const PositionKey& key, std::string why, MonoTime now) {
  auto event = event_row(key, "closed", anchor.at(now));
  event.action_taken = "closed";
  if (!why.empty()) {
    event.event_metadata.clear();
    JsonWriter(event.event_metadata).begin_object().field("reason", why).end_object();
  }
  PositionRow row = position_row(*positions.book().find(key), anchor, now, now);
  unstored_positions.on_pushed(row);
  std::vector<JournalRow> rows;
  rows.emplace_back(std::move(row));
  const auto push = [&](bool suspect) {
    journal.push({journal.next_key("positions"), std::exchange(rows, {})},
                 JournalQueue::Type::alert, now, suspect);
  };
  // The event is not to be refused with a row that was refused before.
  if (unstored_positions.is_suspect(key)) push(true);
  rows.emplace_back(std::move(event));
  push(false);
  positions.close(key);
  position_rules.close(key);
  unstored.on_closed(key);
  sources.on_closed(key);
  troubled.erase(key);
  for (const std::string_view name : rules::position_rule_names) {
    pipeline.retire(alert::identity_of(name, rules::position_scope(key)));
  }
  if (!positions.holds(key.venue, key.symbol)) {
    pipeline.retire(alert::identity_of(rules::kind_divergence_name,
                                       rules::symbol_scope(key.venue, key.symbol)));
  }
  tell(key, why.empty() ? "closed" : "closed: " + std::move(why), now);
}

Result<void> Control::close_position(const PositionKey& key) {
  Impl& impl = *impl_;
  const MonoTime now = impl.ports.clock.now();
  if (impl.positions.book().find(key) == nullptr) {
    return std::unexpected(Error{text_of(key), "is not registered (any more)", ""});
  }
  impl.close(key, {}, now);
  impl.run(now);
  return {};
}

const Positions& Control::positions() const {
  return impl_->positions;
}

}  // namespace feedwatch::engine
