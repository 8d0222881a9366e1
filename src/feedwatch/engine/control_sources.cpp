// Lists of positions: what they change, what is only told, and what a restart remembers of them.

#include <set>
#include <utility>

#include <fmt/format.h>

#include "feedwatch/alert/identity.hpp"
#include "feedwatch/base/saturate.hpp"
#include "feedwatch/base/time_text.hpp"
#include "feedwatch/engine/control_impl.hpp"

namespace feedwatch::engine {
namespace {

using alert::Evidence;

constexpr Duration remember_interval = 250ms;
constexpr std::size_t bytes_a_second = 1U << 20U;  ///< of what is remembered, when it is much
constexpr std::size_t faults_told = 3;

std::string words_of(const std::vector<ListFault>& faults) {
  std::string words;
  for (std::size_t i = 0; i < std::min(faults.size(), faults_told); ++i) {
    words += (i > 0 ? "; " : "") + text_of(faults[i]);
  }
  if (faults.size() > faults_told) {
    words += fmt::format("; and {} more", faults.size() - faults_told);
  }
  return words;
}

/// What it leaves out stays as another has said it.
PositionTerms terms_of(const PositionLease* known, PositionList::Element& element) {
  PositionTerms terms = known == nullptr ? PositionTerms{} : known->terms;
  if (element.said.strategy) terms.strategy = std::move(element.terms.strategy);
  if (element.said.trailing) terms.rules.trailing = std::move(element.terms.rules.trailing);
  if (element.said.aged) terms.rules.aged = element.terms.rules.aged;
  return terms;
}

}  // namespace

std::string text_of(const ListFault& fault) {
  const std::string id = fault.id.empty() ? std::string{} : " (" + fault.id + ")";
  return fmt::format("element {}{}: {}", fault.element, id, fault.error.text());
}

/// What is open about a listing that is none any more ends; the rest goes on.
void Control::Impl::recover_sources(MonoTime now) {
  const auto is_open = [&](const PositionKey& key) {
    return positions.book().find(key) != nullptr;
  };
  if (ports.state != nullptr) {
    const auto bytes = ports.state->get(std::string(sources_key));
    if (bytes) sources.restore(*bytes, anchor, is_open);
  }
  for (const auto& [key, lease] : positions.book().all()) {
    if (!lease.listed_by.empty()) sources.on_registered_by_list(key);
    const Labels scope = rules::position_scope(key);
    if (pipeline.find(alert::identity_of(rules::position_disputed_name, scope)) != nullptr) {
      sources.disputes().restore(key);
    }
    if (sources.is_absent(key)) continue;
    judged(std::nullopt, rules::position_unlisted_name, scope, now, Evidence::seen, now);
  }
}

/// Of entry price and quantity the first word counts, until whoever gave it has none any more:
/// sources that disagree would else take turns, each with a new start of what the rules propose.
bool Control::Impl::counts(const PositionLease* known, const std::string& source,
                           MonoTime now) const {
  if (known == nullptr || known->listed_by == source) return true;
  return !known->listed_by.empty() &&
         sources.has_left(known->listed_by, key_of(known->position), now);
}

Result<PositionBook::Put> Control::Impl::take_element(const std::string& source,
                                                      PositionList::Element element, MonoTime now) {
  Position& position = element.position;
  const PositionKey key = key_of(position);
  const WallTime utc = anchor.at(now);
  const PositionLease* known = positions.book().find(key);
  PositionTerms terms = terms_of(known, element);
  if (Result<void> fine = position_rules.check(terms.rules); !fine) {
    return std::unexpected(fine.error());
  }
  if (!element.dated) position.opened_at = undated;
  const PositionValues said = values_of(position);
  const bool heard = counts(known, source, now);
  const bool takes_over = heard && known != nullptr && known->listed_by != source;
  // What is no number at all is refused, whoever says it.
  if (!heard && said.entry_price.is_positive() && said.quantity.is_positive()) {
    position.entry_price = known->position.entry_price;
    position.quantity = known->position.quantity;
  }
  if (element.owner.empty()) element.owner = source;
  // Who says nothing of a time to live leaves the lease to whoever does.
  const bool renews = known == nullptr || element.ttl;
  const auto put = renews ? positions.put(std::move(position), element.ttl,
                                          std::move(element.owner), now, utc, std::move(terms))
                          : positions.amend(std::move(position), utc, std::move(terms));
  if (!put) return put;
  note_word(key, source, heard ? std::nullopt : std::optional(said), now);
  if (known == nullptr) sources.on_registered_by_list(key);
  std::optional<JournalQueue::Type> renewal;
  if (element.ttl) renewal = JournalQueue::Type::telemetry;
  if (takes_over) renewal = JournalQueue::Type::alert;
  took(*put, key, renewal, now);
  return put;
}

/// `other`: what it says where that does not count.
void Control::Impl::note_word(const PositionKey& key, const std::string& source,
                              const std::optional<PositionValues>& other, MonoTime now) {
  if (other) {
    const Position& position = positions.book().find(key)->position;
    sources.disputes().on_said(key, source, *other, values_of(position), now);
  } else {
    positions.set_listed_by(key, source);
    sources.disputes().on_unsaid(key, source, now);
  }
}

/// Of an old list only that is tried again: else it would bring back what was closed since, and
/// take back what others have said.
bool Control::Impl::was_refused(const std::string& source, const PositionKey& key) const {
  const auto last = refused.find(source);
  return last == refused.end() || last->second.contains(key);
}

Result<void> Control::Impl::may_list(const std::string& source, const PositionList& list) const {
  if (Result<void> may = sources.may_report(source); !may) return may;
  const std::size_t capacity = options.positions.capacity;
  const std::size_t count = list.elements.size() + list.faults.size();
  if (count <= capacity) return {};
  return std::unexpected(
      Error{"positions", fmt::format("are {}, and at most {} may be registered", count, capacity),
            "list those that are open"});
}

Result<ListTaken> Control::list_positions(const std::string& source, PositionList list) {
  Impl& impl = *impl_;
  const MonoTime now = impl.ports.clock.now();
  if (const Result<void> may = impl.may_list(source, list); !may) {
    impl.refused.erase(source);
    return std::unexpected(may.error());
  }
  ListTaken taken{.source = {}, .faults = std::move(list.faults)};
  std::vector<PositionKey> keys;
  std::set<PositionKey> refused;
  for (PositionList::Element& element : list.elements) {
    PositionKey key = key_of(element.position);
    const std::size_t number = element.number;
    if (!list.again || impl.was_refused(source, key)) {
      const auto put = impl.take_element(source, std::move(element), now);
      if (!put) {
        taken.faults.push_back({number, key.id, put.error()});
        refused.insert(key);
      } else {
        ++(*put == PositionBook::Put::registered ? taken.registered
           : *put == PositionBook::Put::changed  ? taken.changed
                                                 : taken.renewed);
      }
    }
    if (impl.positions.book().find(key) != nullptr) keys.push_back(std::move(key));
  }
  impl.refused.insert_or_assign(source, std::move(refused));
  if (list.ready) {
    impl.sources.on_list(source, keys, words_of(taken.faults), now, list.again);
  } else {
    impl.sources.on_not_ready(source, now);
  }
  impl.run(now);
  taken.source = *impl.sources.view(source);
  return taken;
}

Result<void> Control::fail_source(const std::string& source, std::string why) {
  Impl& impl = *impl_;
  if (Result<void> may = impl.sources.may_report(source); !may) return may;
  const MonoTime now = impl.ports.clock.now();
  impl.sources.on_failing(source, std::move(why), now);
  impl.run(now);
  return {};
}

Result<void> Control::forget_source(const std::string& source) {
  Impl& impl = *impl_;
  const MonoTime now = impl.ports.clock.now();
  impl.refused.erase(source);
  if (!impl.sources.forget(source, now)) {
    return std::unexpected(Error{source, "is no source of positions (any more)", ""});
  }
  impl.run(now);
  return {};
}

void Control::Impl::judge_sources(MonoTime now) {
  if (stopping) return;
  sources.on_time(now);
  for (const PositionKey& key : sources.take_over()) close_over(key, now);
  for (const PositionSources::Unlisted& unlisted : sources.take_unlisted()) {
    const PositionLease* lease = positions.book().find(unlisted.key);
    if (lease == nullptr) continue;
    judged(unlisted.present ? rules::position_unlisted(*lease, sources.listings(unlisted.key),
                                                       unlisted.since, anchor)
                            : std::nullopt,
           rules::position_unlisted_name, rules::position_scope(unlisted.key), now, Evidence::seen,
           now);
  }
  for (const PositionDisputes::Dispute& dispute : sources.disputes().take_found()) {
    const PositionLease* lease = positions.book().find(dispute.key);
    if (lease == nullptr) continue;
    judged(rules::position_disputed(*lease, dispute), rules::position_disputed_name,
           rules::position_scope(dispute.key), now, Evidence::seen, now);
  }
  for (const PositionSources::Failing& failing : sources.take_failing()) {
    judged(rules::position_source_failing(failing), rules::position_source_failing_name,
           rules::position_source_scope(failing.name), now, Evidence::seen, now);
  }
  judge_twins(now);
}

void Control::Impl::judge_twins(MonoTime now) {
  for (const PositionKey& key : positions.twins().take_changed()) {
    const PositionLease* lease = positions.book().find(key);
    if (lease == nullptr) continue;
    const auto twin = positions.twins().twin_of(key);
    judged(twin ? rules::position_duplicate(*lease, *twin) : std::nullopt,
           rules::position_duplicate_name, rules::position_scope(key), now, Evidence::seen, now);
  }
}

/// All of its sources say so, at least two of them, for a while.
void Control::Impl::close_over(const PositionKey& key, MonoTime now) {
  if (positions.book().find(key) == nullptr) return;
  std::string why = "no longer listed by";
  for (const PositionListing& listing : sources.listings(key)) {
    why += fmt::format("{} {} (since {})", why.ends_with(")") ? "," : "", listing.source,
                       format_time(anchor.at(listing.absent_since.value_or(now))));
  }
  close(key, std::move(why), now);
}

void Control::Impl::remember_sources(MonoTime now) {
  sources_changed = sources.take_changed() || sources_changed;
  if (ports.state == nullptr || !sources_changed || sources_at > now) return;
  std::string bytes = sources.encode(anchor);
  sources_at = plus(now, remember_interval + 1s * (bytes.size() / bytes_a_second));
  ports.state->put(std::string(sources_key), std::move(bytes));
  sources_changed = false;
}

MonoTime Control::Impl::next_of_sources() const {
  const MonoTime next = sources.next_deadline();
  return ports.state != nullptr && sources_changed ? std::min(next, sources_at) : next;
}

const PositionSources& Control::position_sources() const {
  return impl_->sources;
}

}  // namespace feedwatch::engine
