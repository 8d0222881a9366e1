// Decisions into the store, before anybody is told; positions again that it has given up; and what
// is said while they are not there.

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "feedwatch/engine/control_impl.hpp"

namespace feedwatch::engine {
namespace {

/// Positions that are told of at a time, by what is wrong: with a store it is wrong with all of
/// them.
constexpr std::size_t told_unstored = 100;

/// Rows that wait when positions are pushed again; and so many of them at a time.
constexpr std::size_t positions_again = 2'000;

std::string value_of(const Labels& labels, std::string_view name) {
  const auto found = std::ranges::find(labels, name, &Labels::value_type::first);
  return found == labels.end() ? std::string{} : found->second;
}

}  // namespace

/// Half of the journal is for everything else: what would not get through it waits outside, where
/// nothing is dropped for it.
std::size_t Control::Impl::room_for_decisions() const {
  const std::size_t most = journal.max_rows() / 2;
  return most - std::min(most, journal.rows());
}

std::size_t Control::Impl::room_for_positions() const {
  const std::size_t most = std::min(positions_again, journal.max_rows() / 2);
  return most - std::min(most, journal.rows());
}

/// While little else waits: what is decided is not to wait behind thousands of them.
void Control::Impl::store_positions(MonoTime now) {
  const auto next_key = [this] { return journal.next_key("positions"); };
  const auto open_row = [&](const PositionKey& key) -> std::optional<PositionRow> {
    const PositionLease* lease = positions.book().find(key);
    if (lease == nullptr) return std::nullopt;
    return position_row(*lease, anchor, now);
  };
  for (auto& push : unstored_positions.due(room_for_positions(), next_key, open_row, now)) {
    journal.push(std::move(push.batch), JournalQueue::Type::alert, now, push.suspect);
  }
}

void Control::Impl::store_decisions(MonoTime now) {
  tell_given_up(now);
  const auto next_key = [this] { return journal.next_key("decisions"); };
  for (auto& push : unstored.due(room_for_decisions(), next_key, now)) {
    journal.push(std::move(push.batch), JournalQueue::Type::alert, now, push.suspect);
  }
}

/// Of decisions about a position in order: there is never more than one batch of them on its way.
void Control::Impl::ended(const JournalBatch& batch, JournalQueue::End end) {
  const bool durable = end == JournalQueue::End::written;
  const MonoTime now = ports.clock.now();
  position_rules.on_written(batch, durable);
  if (const auto position = unstored_positions.on_done(batch, end, now)) {
    tell(*position,
         "the store refuses its row: until it takes it a restart finds the position as it was "
         "before, or not at all: " +
             journal.last_error(),
         now);
  }
  for (const PositionKey& position : unstored.on_done(batch, end, now)) {
    position_rules.release(position);
  }
  if (!durable) return;
  for (const JournalRow& row : batch.rows) {
    if (const auto* decision = std::get_if<PositionDecisionRow>(&row)) hand_over(*decision);
  }
}

void Control::Impl::tell_given_up(MonoTime now) {
  for (const UnstoredDecisions::GivenUp& lost : unstored.take_given_up()) {
    tell(lost.position,
         fmt::format("decision {} is not stored and told to nobody: {}", lost.key, lost.why), now);
  }
}

/// Whoever is told of stays so until his decision is stored, however many others there are.
void Control::Impl::judge_unstored(MonoTime now) {
  const Duration late = rule_options.undelivered_after;
  const std::string error = journal.trouble_since(now) ? journal.last_error() : std::string{};
  std::array<std::size_t, 3> told{};
  const auto tell_of = [&](const UnstoredDecisions::Trouble& trouble) {
    const PositionLease* lease = positions.book().find(trouble.position);
    if (lease == nullptr) return;
    const bool is_late = trouble.type == UnstoredDecisions::Trouble::Type::late;
    judged(rules::decision_unstored(*lease, trouble, is_late ? error : journal.last_error(), now),
           rules::decision_unstored_name, rules::position_scope(trouble.position), now,
           alert::Evidence::seen, now);
    unstored_told.insert(trouble.position);
    ++told[static_cast<std::size_t>(trouble.type)];
  };
  for (const PositionKey& position : std::exchange(unstored_told, {})) {
    if (const auto trouble = unstored.trouble_of(position, late, now)) {
      tell_of(*trouble);
    } else {
      judged(std::nullopt, rules::decision_unstored_name, rules::position_scope(position), now,
             alert::Evidence::seen, now);
    }
  }
  for (const auto& trouble : unstored.troubles(late, told_unstored, now)) {
    const bool is_told = unstored_told.contains(trouble.position);
    if (!is_told && told[static_cast<std::size_t>(trouble.type)] < told_unstored) tell_of(trouble);
  }
}

/// What an earlier run has told: it is decided anew, or was stored.
void Control::Impl::recover_unstored(const Recovered& recovered) {
  for (const AlertRow& row : recovered.open_alerts) {
    if (row.name != rules::decision_unstored_name) continue;
    unstored_told.insert({value_of(row.labels, "venue"), value_of(row.labels, "symbol"),
                          value_of(row.labels, "position")});
  }
}

/// Without room only the journal's answers bring any.
MonoTime Control::Impl::next_unstored() const {
  return std::min(room_for_decisions() > 0 ? unstored.next_deadline() : never_mono,
                  room_for_positions() > 0 ? unstored_positions.next_deadline() : never_mono);
}

}  // namespace feedwatch::engine
