// Lists of positions: what they change, a slice of one at a time.

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "feedwatch/engine/control_impl.hpp"

namespace feedwatch::engine {
namespace {

constexpr std::size_t faults_told = 3;
/// Elements of lists in one turn: whoever waits for the thread meanwhile waits for milliseconds.
constexpr std::size_t slice = 100;
/// Positions that a list may be without, in one turn.
constexpr std::size_t absence_slice = 1'000;

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

/// What it leaves out stays as another has said it; whose word does not count adds what nobody has
/// said.
PositionTerms terms_of(const PositionLease* known, bool heard, PositionList::Element& element) {
  PositionTerms terms = known == nullptr ? PositionTerms{} : known->terms;
  RuleOverrides& rules = terms.rules;
  if (element.said.strategy && (heard || terms.strategy.empty())) {
    terms.strategy = std::move(element.terms.strategy);
  }
  if (element.said.trailing && (heard || !rules.trailing)) {
    rules.trailing = std::move(element.terms.rules.trailing);
  }
  if (element.said.aged && (heard || !rules.aged)) rules.aged = element.terms.rules.aged;
  return terms;
}

}  // namespace

std::string text_of(const ListFault& fault) {
  const std::string id = fault.id.empty() ? std::string{} : " (" + fault.id + ")";
  return fmt::format("element {}{}: {}", fault.element, id, fault.error.text());
}

/// The first word counts, until whoever gave it has none any more:
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
  const bool heard = counts(known, source, now);
  PositionTerms terms = terms_of(known, heard, element);
  if (Result<void> fine = position_rules.check(terms.rules); !fine) {
    return std::unexpected(fine.error());
  }
  if (!element.dated) position.opened_at = undated;
  const PositionValues said = values_of(position);
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
                          : positions.amend(std::move(position), now, utc, std::move(terms));
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

void Control::Impl::take_next(ListUnderWay& one, MonoTime now) {
  if (one.next == 0 && one.list.ready) sources.on_list_begun(one.source);
  if (one.next == one.list.elements.size()) return end_list(one, now);
  PositionList::Element& element = one.list.elements[one.next++];
  const PositionKey key = key_of(element.position);
  const std::size_t number = element.number;
  if (!one.list.again || was_refused(one.source, key)) {
    const auto put = take_element(one.source, std::move(element), now);
    if (!put) {
      one.taken.faults.push_back({number, key.id, put.error()});
      one.refused.insert(key);
    } else {
      ++(*put == PositionBook::Put::registered ? one.taken.registered
         : *put == PositionBook::Put::changed  ? one.taken.changed
                                               : one.taken.renewed);
    }
  }
  if (one.list.ready && positions.book().find(key) != nullptr) {
    sources.on_listed(one.source, key, now);
  }
}

/// Only now it says anything of what is not in it.
void Control::Impl::end_list(ListUnderWay& one, MonoTime now) {
  one.read = true;
  refused.insert_or_assign(one.source, std::move(one.refused));
  if (one.list.ready) {
    sources.on_list_ended(one.source, words_of(one.taken.faults), now, one.list.again);
  } else {
    sources.on_not_ready(one.source, now);
  }
}

/// A turn's part of it. Says whether that was the last.
bool Control::Impl::take_slice(ListUnderWay& one, MonoTime now) {
  for (std::size_t i = 0; i < slice && !one.read; ++i) take_next(one, now);
  if (!one.read) return false;
  if (!sources.note_absences(one.source, one.absent, absence_slice, now)) return false;
  one.taken.source = *sources.view(one.source);
  if (one.fails_then) sources.on_failing(one.source, std::move(*one.fails_then), now);
  return true;
}

ListUnderWay Control::Impl::begin_list(const std::string& source, PositionList list) {
  ListUnderWay one{.source = source, .list = std::move(list)};
  one.taken.faults = std::move(one.list.faults);
  return one;
}

/// One list after the other, as they came.
void Control::Impl::take_lists(MonoTime now) {
  if (stopping) return drop_lists({}, "is not taken: the monitor is stopping");
  if (lists.empty()) return;
  ListUnderWay& one = lists.front();
  // Others may have begun to report while it waited.
  const auto may = one.next == 0 ? sources.may_report(one.source) : Result<void>{};
  if (may && !take_slice(one, now)) return;
  ListUnderWay over = std::move(one);
  lists.pop_front();
  if (may) {
    over.done(std::move(over.taken));
  } else {
    over.done(std::unexpected(may.error()));
  }
}

/// Of one source, or of all.
void Control::Impl::drop_lists(std::string_view source, const std::string& why) {
  std::deque<ListUnderWay> kept;
  std::vector<ListUnderWay> dropped;
  for (ListUnderWay& one : std::exchange(lists, {})) {
    if (source.empty() || one.source == source) {
      dropped.push_back(std::move(one));
    } else {
      kept.push_back(std::move(one));
    }
  }
  lists = std::move(kept);
  for (ListUnderWay& one : dropped) {
    one.done(std::unexpected(Error{"list", why, "report it again"}));
  }
}

Result<ListTaken> Control::list_positions(const std::string& source, PositionList list) {
  Impl& impl = *impl_;
  const MonoTime now = impl.ports.clock.now();
  if (const Result<void> may = impl.may_list(source, list); !may) {
    impl.refused.erase(source);
    return std::unexpected(may.error());
  }
  ListUnderWay one = Impl::begin_list(source, std::move(list));
  while (!impl.take_slice(one, now)) {
  }
  impl.run(now);
  one.taken.source = *impl.sources.view(source);
  return std::move(one.taken);
}

void Control::take_list(const std::string& source, PositionList list, ListDone done) {
  Impl& impl = *impl_;
  const MonoTime now = impl.ports.clock.now();
  if (const Result<void> may = impl.may_list(source, list); !may) {
    impl.refused.erase(source);
    return done(std::unexpected(may.error()));
  }
  // One that waits behind another is overtaken, and answered with what becomes of this one.
  const auto waits = std::ranges::find_if(impl.lists, [&](const ListUnderWay& one) {
    return one.source == source && one.next == 0 && &one != &impl.lists.front();
  });
  ListUnderWay one = Impl::begin_list(source, std::move(list));
  if (waits != impl.lists.end()) {
    one.done = [older = std::move(waits->done),
                newer = std::move(done)](Result<ListTaken> taken) mutable {
      older(taken);
      newer(std::move(taken));
    };
    *waits = std::move(one);
  } else {
    one.done = std::move(done);
    impl.lists.push_back(std::move(one));
  }
  impl.run(now);
}

}  // namespace feedwatch::engine
