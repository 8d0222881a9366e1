// What only the whole run shows: the journal, causes, ends, budgets and scope.

#include <fmt/format.h>

#include <algorithm>

#include "feedwatch/base/duration_text.hpp"
#include "feedwatch/feed/budget.hpp"
#include "feedwatch/sim/checkers.hpp"

namespace feedwatch::sim {
namespace {

using Event = engine::Control::Event;

constexpr Duration rounding = 10ms;
/// A subscription may be taken back so long before the repair that did it is told of, or after.
constexpr Duration repair_before = 1s;
constexpr Duration repair_after = 10s;

std::optional<WallTime> wall_of(const std::optional<MonoTime>& at) {
  if (!at) return std::nullopt;
  return world_start_wall + (*at - world_start);
}

bool near(MonoTime at, MonoTime of) {
  return at >= of - repair_after && at <= of + repair_before;
}

/// Whether a repair of one of these streams was under way (a budget may let its messages wait), or
/// had just ended.
bool was_under_repair(std::span<const Event> events, std::string_view prefix, MonoTime at) {
  bool under_way = false;
  for (const Event& event : events) {
    const bool began = event.type == Event::Type::repair_started;
    if (!began && event.type != Event::Type::repair_ended) continue;
    if (event.at > at + repair_before || !event.subject.starts_with(prefix)) continue;
    under_way = began || near(event.at, at);
  }
  return under_way;
}

}  // namespace

void Checkers::check_journal() {
  const MemoryJournal& journal = world_.journal();
  hold(2, "journal", episode_complaint(journal.alerts(), journal.alert_transitions()));
  // What waits for a journal that is down is not lost.
  if (world_.control().counters().journal_pending > 0) return;
  hold(2, "journal",
       lost_rows_complaint(told_of(world_.history().events()), journal.alert_transitions(),
                           journal.stream_transitions()));
  hold(2, "journal", open_alerts_complaint(journal.alerts(), world_.control().alerts(0)));
}

void Checkers::check_causes() {
  causes_.configured = world_.venues().size();
  causes_.host = wall_of(world_.host().first_pause());
  causes_.journal = wall_of(world_.journal().first_down());
  causes_.sink = wall_of(world_.sink().first_down());
  causes_.receiver = wall_of(world_.receiver().first_down());
  for (const VenueModel& venue : world_.venues()) {
    const auto since = wall_of(venue.record().troubled);
    if (since) causes_.venues.insert_or_assign(venue.setup().name, *since);
  }
  std::map<std::string, WallTime> fired;
  for (const AlertTransitionRow& row : world_.journal().alert_transitions()) {
    fired.try_emplace(row.alert_id, row.at);
  }
  for (const engine::AlertView& alert : world_.control().alerts()) {
    const auto found = fired.find(alert.row.id);  // not while the journal is down
    const WallTime at = found == fired.end() ? alert.row.updated_at : found->second;
    hold(3, "alert", cause_complaint(alert.row, at, causes_));
  }
}

/// What became stale has recovered by the end, or somebody is told of it.
void Checkers::check_stale_ends() {
  for (const Event& event : world_.history().events()) {
    if (event.type != Event::Type::stream_level || event.to != Level::stale) continue;
    if (event.reason == Reason::ok) breach(4, event.subject + " became stale without a reason");
  }
  const auto alerts = world_.control().alerts(0);
  for (const engine::StreamView& view : world_.control().streams(world_.now())) {
    const bool covered = std::ranges::any_of(
        alerts, [&](const auto& alert) { return speaks_for(alert.row, view.info->key); });
    const StreamMemory& memory = streams_[view.info->key];
    // An outage younger than what an alert may take is not over yet.
    const bool young = memory.uncovered.has_value() || memory.told != Level::stale;
    if (view.level != Level::stale || covered || young || is_no_fault(view.reason)) continue;
    breach(4, fmt::format("{} ends stale, reason {}, without an alert", view.info->text,
                          to_text(view.reason)));
  }
}

void Checkers::check_budgets(const VenueModel& venue) {
  const std::string& name = venue.setup().name;
  const venues::VenueSheet& sheet = venue.setup().side->sheet();
  const VenueModel::Record& record = venue.record();
  const Distance& distance = venue.setup().distance;
  const Duration there_and_back = 2 * (distance.latency + distance.jitter) + rounding;
  // What left a window apart may arrive closer by what the way varies.
  const Duration slack = distance.jitter + rounding;
  const auto dials = [&](std::span<const MonoTime> times, std::size_t count) {
    if (sheet.dials.count == 0) return;
    hold(9, name + " dials", rate_complaint(times, count, sheet.dials.window, slack));
  };
  // What never came to a connection its books do not have: that stays below the limit itself.
  dials(record.opened, our_share(sheet.dials));
  dials(record.dials, sheet.dials.count);
  hold(9, name + " dials", ban_complaint(record.dials, record.bans, there_and_back));
  const venues::RateLimit rest = feed::rest_limit(sheet);
  hold(9, name + " REST", rate_complaint(record.rest, our_share(rest), rest.window, slack));
  hold(9, name + " REST", ban_complaint(record.rest, record.rest_bans, there_and_back));
  const auto messages = [&](std::size_t most, std::size_t count) {
    if (sheet.messages.count == 0 || most <= count) return;
    breach(9, fmt::format("{}: {} client messages within {}, ours are {} of {}", name, most,
                          format_duration(sheet.messages.window), our_share(sheet.messages),
                          sheet.messages.count));
  };
  messages(record.most_unasked, our_share(sheet.messages));
  messages(record.most_messages, sheet.messages.count);
}

void Checkers::check_scope(const VenueModel& venue) {
  for (const VenueModel::Unsubscribed& each : venue.record().unsubscribed) {
    if (each.symbol.empty()) continue;  // a line's beat goes with the last symbol it beats for
    const std::string prefix = venue.setup().name + "/" + each.symbol + "/";
    const bool repaired = was_under_repair(world_.history().events(), prefix, each.at);
    const bool unwanted = std::ranges::any_of(world_.unwanted(venue.setup().name, each.symbol),
                                              [&](MonoTime at) { return near(at, each.at); });
    if (repaired || unwanted || !each.listed) continue;
    breach(9, fmt::format("{} was unsubscribed at {} s without a repair of its own", prefix,
                          run_time_text(each.at)));
  }
}

void Checkers::finish() {
  check_journal();
  check_causes();
  check_stale_ends();
  for (const std::string& complaint : world_.bot().complaints()) {
    breach(decisions_invariant, complaint);
  }
  for (const VenueModel& venue : world_.venues()) {
    check_budgets(venue);
    check_scope(venue);
  }
}

}  // namespace feedwatch::sim
