#include "feedwatch/sim/fact_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "feedwatch/base/duration_text.hpp"

namespace feedwatch::sim {
namespace {

using Event = engine::Control::Event;

bool concerns(const Fact& fact, std::string_view subject) {
  return names_stream(fact.subject, subject) &&
         (fact.except.empty() || !names_stream(fact.except, subject));
}

std::string age_text(const std::optional<Duration>& age) {
  return age ? format_duration(*age) : std::string("never received");
}

std::string price_text(const Prices& prices, Kind kind) {
  return kind == Kind::quote ? prices.price.to_string() + "/" + prices.ask.to_string()
                             : prices.price.to_string();
}

/// Combines what several things show: the first that contradicts (all) or shows it (any).
class Tally {
 public:
  explicit Tally(Quantifier quantifier) : quantifier_(quantifier) {}
  void add(bool holds, std::string seen) {
    ++count_;
    if (holds == (quantifier_ == Quantifier::any)) {
      if (!decided_) seen_ = std::move(seen);
      decided_ = true;
    } else if (!decided_ && seen_.empty()) {
      seen_ = std::move(seen);
    }
  }
  Finding result(std::string_view nothing) const {
    if (count_ == 0) return {false, std::string(nothing), false};
    return {(quantifier_ == Quantifier::any) == decided_, seen_};
  }

 private:
  Quantifier quantifier_;
  std::size_t count_ = 0;
  bool decided_ = false;
  std::string seen_;
};

Finding number(const Fact& fact, std::uint64_t value, std::string_view unit) {
  return {compare(static_cast<std::int64_t>(value), fact.how, fact.number),
          fmt::format("{} {}", value, unit)};
}

/// Nobody wants any of them any more.
Finding check_unwatched(const World& world, const Fact& fact) {
  for (const engine::StreamView& view : world.control().streams(world.now())) {
    if (concerns(fact, view.info->text)) return {false, view.info->text + " is watched"};
  }
  return {true, "none is watched"};
}

Finding check_level(const World& world, const Fact& fact, Quantifier quantifier) {
  if (fact.word == unwatched) return check_unwatched(world, fact);
  Tally tally{quantifier};
  for (const engine::StreamView& view : world.control().streams(world.now())) {
    if (!concerns(fact, view.info->text)) continue;
    const bool holds = to_text(view.level) == fact.word &&
                       (!fact.reason || to_text(view.reason) == *fact.reason) &&
                       (!fact.flag || view.fault == *fact.flag);
    tally.add(holds, fmt::format("{} is {}, reason {}, fault {}, age {}", view.info->text,
                                 to_text(view.level), to_text(view.reason),
                                 view.fault ? "yes" : "no", age_text(view.ages.level)));
  }
  return tally.result("no such stream is listed");
}

Finding check_stream(const World& world, const Fact& fact, Quantifier quantifier) {
  Tally tally{quantifier};
  for (const engine::StreamView& view : world.control().streams(world.now())) {
    if (!concerns(fact, view.info->text)) continue;
    if (fact.type != Fact::Type::price) {
      const auto& age = fact.type == Fact::Type::age ? view.ages.receive : view.ages.confirmed;
      const bool holds = age && compare(age->count(), fact.how, fact.number);
      tally.add(holds, fmt::format("{} has age {}", view.info->text, age_text(age)));
    } else {
      const std::string price =
          view.prices ? price_text(*view.prices, view.info->key.kind) : std::string("none");
      tally.add(price == fact.word, fmt::format("{} has price {}", view.info->text, price));
    }
  }
  return tally.result("no such stream is listed");
}

Finding check_guard(const World& world, const Fact& fact, Quantifier quantifier) {
  Tally tally{quantifier};
  for (const ConsumerRecord& record : world.consumers()) {
    if (record.name != fact.subject) continue;
    const auto price =
        world.monitor().price(record.stream, {.max_age = record.max_age}, world.now());
    const bool wanted =
        fact.type == Fact::Type::consumer_accept
            ? price.has_value()
            : !price && (fact.word.empty() || to_text(price.error().code) == fact.word);
    tally.add(wanted, price
                          ? fmt::format("{} accepts {} of age {}", record.stream.text(),
                                        price_text(price->prices, record.stream.kind),
                                        format_duration(price->receive_age))
                          : fmt::format("{} refuses: {}, reason {}, age {}", record.stream.text(),
                                        to_text(price.error().code), to_text(price.error().reason),
                                        age_text(price.error().age)));
  }
  return tally.result("it reads no stream");
}

Finding check_last(const World& world, const Fact& fact, Quantifier quantifier) {
  Tally tally{quantifier};
  for (const ConsumerRecord& record : world.consumers()) {
    if (record.name != fact.subject) continue;
    const std::string last = record.last ? price_text(*record.last, record.stream.kind) : "none";
    tally.add(last == fact.word,
              fmt::format("last delivered of {}: {}", record.stream.text(), last));
  }
  return tally.result("it reads no stream");
}

Finding check_counters(const World& world, const Fact& fact) {
  std::uint64_t delivered = 0;
  std::uint64_t conflated = 0;
  std::uint64_t told = 0;
  for (const ConsumerRecord& record : world.consumers()) {
    if (record.name == fact.subject) delivered += record.delivered, told += record.refused;
  }
  for (const DeliveryCounters& counters : world.monitor().delivery_counters()) {
    if (counters.consumer == fact.subject) conflated += counters.conflated;
  }
  switch (fact.type) {
    case Fact::Type::consumer_delivered:
      return number(fact, delivered, "delivered");
    case Fact::Type::consumer_conflated:
      return number(fact, conflated, "conflated");
    default:
      return number(fact, told, "episodes of refusal told");
  }
}

Finding check_alerts(const World& world, const Fact& fact) {
  std::uint64_t open = 0;
  std::uint64_t named_open = 0;
  std::uint64_t named_closed = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t muted = 0;
  std::string list;
  for (const engine::AlertView& alert : world.control().alerts(100'000)) {
    if (alert.open) {
      ++open;
      list += fmt::format(" {} ({})", alert.row.identity, alert.row.severity);
    }
    if (alert.row.name != fact.subject) continue;
    ++(alert.open ? named_open : named_closed);
    if (alert.open && alert.row.acked_at) ++acknowledged;
    if (!alert.silenced_by.empty() || !alert.maintenance.empty()) ++muted;
  }
  if (fact.type == Fact::Type::alerts_open) return number(fact, open, "open:" + list);
  if (fact.type == Fact::Type::alert_count) {
    return number(fact, named_open + named_closed, "such alerts; open:" + list);
  }
  if (fact.word == "acknowledged" || fact.word == "muted") {
    const std::uint64_t count = fact.word == "muted" ? muted : acknowledged;
    return {count > 0, fmt::format("{} are {}; open:{}", count, fact.word, list)};
  }
  const std::string_view state = named_open > 0     ? "firing"
                                 : named_closed > 0 ? "resolved"
                                                    : "absent";
  return {state == fact.word, fmt::format("it is {}; open:{}", state, list)};
}

Finding check_venues(const World& world, const Fact& fact) {
  std::uint64_t dials = 0;
  std::uint64_t subscribes = 0;
  std::uint64_t topics = 0;
  std::uint64_t messages = 0;
  for (const VenueModel& venue : world.venues()) {
    if (!fact.subject.empty() && venue.setup().name != fact.subject) continue;
    dials += venue.record().dials.size();
    subscribes += venue.record().subscribes;
    topics += venue.topics();
    messages = std::max<std::uint64_t>(messages, venue.record().most_messages);
  }
  switch (fact.type) {
    case Fact::Type::dials:
      return number(fact, dials, "dials");
    case Fact::Type::topics:
      return number(fact, topics, "topics");
    case Fact::Type::messages:
      return number(fact, messages, "messages at once");
    default:
      return number(fact, subscribes, "topics subscribed");
  }
}

Finding check_rows(const World& world, const Fact& fact) {
  const MemoryJournal& journal = world.journal();
  const std::map<std::string_view, std::size_t> counts{
      {"alerts", journal.alerts().size()},
      {"alert_transitions", journal.alert_transitions().size()},
      {"notifications", journal.notifications().size()},
      {"repairs", journal.repairs().size()},
      {"stream_transitions", journal.stream_transitions().size()},
      {"positions", journal.positions().size()},
      {"aged_monitoring_events", journal.aged_events().size()}};
  return number(fact, counts.at(fact.subject), "rows");
}

Finding check_health(const World& world, const Fact& fact) {
  const engine::HealthView view = world.control().health(world.now());
  if (fact.subject == "overall") {
    return {to_text(view.status) == fact.word, fmt::format("overall {}", to_text(view.status))};
  }
  std::string names;
  for (const health::Component& component : view.components) {
    names += fmt::format(" \"{}\"", component.name);
    if (component.name != fact.subject) continue;
    return {to_text(component.status) == fact.word,
            fmt::format("{} {}: {}", component.name, to_text(component.status),
                        component.error_message.value_or("no message"))};
  }
  return {false, "no such component; there are" + names, false};
}

Finding check_line(const World& world, const Fact& fact, Quantifier quantifier) {
  Tally tally{quantifier};
  std::string names;
  for (const engine::LineView& view : world.control().lines(world.now())) {
    names += " " + view.status.name;
    if (!glob_match(fact.subject, view.status.name)) continue;
    tally.add(to_text(view.status.state) == fact.word,
              fmt::format("{} is {}", view.status.name, to_text(view.status.state)));
  }
  return tally.result("no such line; there are" + names);
}

/// Messages that arrived, each once; those that say that something began, or ended.
Finding check_notified(const World& world, const Fact& fact) {
  std::uint64_t count = 0;
  for (const auto& [key, times] : world.sink().delivered()) {
    if (fact.word.empty() || key.find("/" + fact.word + "/") != std::string::npos) ++count;
  }
  return number(fact, count, "delivered");
}

Finding check_decisions(const World& world, const Fact& fact) {
  std::uint64_t count = 0;
  for (const PositionDecisionRow& row : world.bot().decisions()) {
    if ((fact.word.empty() || row.type == fact.word) &&
        (fact.subject.empty() || row.position == fact.subject)) {
      ++count;
    }
  }
  return number(fact, count, "told");
}

/// 100.0 is 100.
bool says(const PositionDecisionRow& row, const std::pair<std::string, std::string>& field) {
  const auto& [name, text] = field;
  const auto& said = name == "price"  ? row.price
                     : name == "stop" ? row.stop
                     : name == "peak" ? row.peak
                                      : row.target;
  return said && *Decimal::parse(*said) == *Decimal::parse(text);
}

Finding check_last_decision(const World& world, const Fact& fact) {
  const PositionDecisionRow* last = nullptr;
  for (const PositionDecisionRow& row : world.bot().decisions()) {
    if (row.position == fact.subject) last = &row;
  }
  if (last == nullptr) return {false, "nothing was decided about " + fact.subject};
  const bool holds =
      last->type == fact.word &&
      std::ranges::all_of(fact.fields, [&](const auto& field) { return says(*last, field); });
  return {holds, fmt::format("the last is {}, price {}, stop {}, peak {}, target {}", last->type,
                             last->price.value_or("-"), last->stop.value_or("-"),
                             last->peak.value_or("-"), last->target.value_or("-"))};
}

bool is_repair(const Event& event, const Fact& fact) {
  // Without ok or failed it is the beginning of a repair that a fact means.
  const Event::Type type = fact.flag ? Event::Type::repair_ended : Event::Type::repair_started;
  if (event.type != type || !event.repair) return false;
  if (fact.flag && event.repair->ok != *fact.flag) return false;
  return fact.word.empty() || to_text(event.repair->step) == fact.word;
}

}  // namespace

bool names_stream(std::string_view glob, std::string_view stream) {
  return glob_match(glob, stream) || glob_match(std::string(glob) + "/*", stream);
}

bool compare(std::int64_t value, Compare how, std::int64_t with) {
  switch (how) {
    case Compare::equal:
      return value == with;
    case Compare::at_most:
      return value <= with;
    case Compare::at_least:
      return value >= with;
    case Compare::less:
      return value < with;
    case Compare::greater:
      return value > with;
  }
  return false;
}

Finding check_state(const World& world, const Fact& fact, Quantifier quantifier) {
  switch (fact.type) {
    case Fact::Type::level:
      return check_level(world, fact, quantifier);
    case Fact::Type::price:
    case Fact::Type::age:
    case Fact::Type::confirmed_age:
      return check_stream(world, fact, quantifier);
    case Fact::Type::consumer_refuse:
    case Fact::Type::consumer_accept:
      return check_guard(world, fact, quantifier);
    case Fact::Type::consumer_delivered:
    case Fact::Type::consumer_conflated:
    case Fact::Type::consumer_told:
      return check_counters(world, fact);
    case Fact::Type::consumer_last:
      return check_last(world, fact, quantifier);
    case Fact::Type::alerts_open:
    case Fact::Type::alert_state:
    case Fact::Type::alert_count:
      return check_alerts(world, fact);
    case Fact::Type::dials:
    case Fact::Type::subscribes:
    case Fact::Type::topics:
    case Fact::Type::messages:
      return check_venues(world, fact);
    case Fact::Type::rows:
      return check_rows(world, fact);
    case Fact::Type::health:
      return check_health(world, fact);
    case Fact::Type::line:
      return check_line(world, fact, quantifier);
    case Fact::Type::notified:
      return check_notified(world, fact);
    case Fact::Type::decisions:
      return check_decisions(world, fact);
    case Fact::Type::last_decision:
      return check_last_decision(world, fact);
    case Fact::Type::repair:
    case Fact::Type::level_change:
    case Fact::Type::suspect:
      break;
  }
  return {false, "a moment is no state"};
}

std::vector<MonoTime> moments_of(const World& world, const Fact& fact) {
  std::vector<MonoTime> moments;
  for (const Event& event : world.history().events()) {
    if (!concerns(fact, event.subject)) continue;
    const bool is_it =
        fact.type == Fact::Type::repair ? is_repair(event, fact)
        : fact.type == Fact::Type::suspect
            ? event.type == Event::Type::suspect
            : event.type == Event::Type::stream_level && to_text(event.to) == fact.word;
    if (is_it) moments.push_back(event.at);
  }
  std::ranges::sort(moments);
  return moments;
}

}  // namespace feedwatch::sim
