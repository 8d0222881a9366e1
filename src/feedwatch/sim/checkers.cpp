#include "feedwatch/sim/checkers.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "feedwatch/base/duration_text.hpp"

namespace feedwatch::sim {
namespace {

using Event = engine::Control::Event;

constexpr std::size_t remembered_arrivals = 256;
constexpr Duration look_every = 100ms;
/// The learnt offset of a venue's clock takes the usual journey out of an age, stamps of whole
/// milliseconds round, and a venue sees a dial a journey after it was made.
constexpr Duration journey_tolerance = 50ms;
/// A subscription may be taken back this long before or after the repair that did it is told of.
constexpr Duration repair_tolerance = 1s;
constexpr std::size_t our_share = 5;  ///< 20 %: one fifth of a published limit

}  // namespace

Checkers::Checkers(World& world) : world_(world) {
  world.network().set_truth([this](const TrueTick& tick) { on_truth(tick); });
  world.set_on_delivery([this](const ConsumerRecord& record, const Delivery& delivery) {
    on_delivery(record, delivery);
  });
}

void Checkers::breach(int invariant, std::string what) {
  Breach& entry = breaches_[invariant];
  if (++entry.count == 1) {
    entry.first = fmt::format("at {} s: {}", run_time_text(world_.now()), what);
  }
}

std::vector<std::string> Checkers::breaches() const {
  std::vector<std::string> out;
  for (const auto& [invariant, entry] : breaches_) {
    out.push_back(
        fmt::format("invariant {} broken {} times, first {}", invariant, entry.count, entry.first));
  }
  return out;
}

void Checkers::on_truth(const TrueTick& tick) {
  if (!tick.fields.any()) return;
  auto& arrivals = streams_[tick.stream].arrivals;
  if (arrivals.size() == remembered_arrivals) arrivals.erase(arrivals.begin());
  arrivals.push_back({tick.prices, tick.published, tick.arrived});
}

// ---- 1: nothing older than its limit ------------------------------------------------------------

void Checkers::check_true_age(const StreamKey& stream, const Prices& prices, Duration limit,
                              std::string_view who) {
  const auto memory = streams_.find(stream);
  if (memory == streams_.end()) return breach(1, fmt::format("{}: a price of nowhere", who));
  const auto& arrivals = memory->second.arrivals;
  const auto newest = std::find_if(arrivals.rbegin(), arrivals.rend(),
                                   [&](const Arrival& each) { return each.prices == prices; });
  if (newest == arrivals.rend()) {
    return breach(1, fmt::format("{}: {} was never sent lately", who, stream.text()));
  }
  const Duration received = world_.now() - newest->arrived;
  if (received > limit) {
    breach(1, fmt::format("{}: {} arrived {} ago, limit {}", who, stream.text(),
                          format_duration(received), format_duration(limit)));
  }
  const VenueModel* const venue = world_.venue(stream.venue);
  const auto channel = venues::channel_for(venue->setup().side->sheet(), stream.kind);
  const bool dated =
      channel && venue->setup().side->sheet().channels[*channel].event_time == EventTime::publish;
  const Duration published = world_.now() - newest->published;
  if (dated && !venue->clock_off() && published > limit + journey_tolerance) {
    breach(1, fmt::format("{}: {} was published {} ago, limit {}", who, stream.text(),
                          format_duration(published), format_duration(limit)));
  }
}

void Checkers::on_delivery(const ConsumerRecord& record, const Delivery& delivery) {
  if (!record.subscribed) breach(1, fmt::format("{} called after unsubscribe", record.name));
  check_true_age(record.stream, delivery.price.prices, record.max_age, record.name + " was called");
}

void Checkers::check_guards(MonoTime now) {
  for (const ConsumerRecord& record : world_.consumers()) {
    const auto price = world_.monitor().price(record.stream, {.max_age = record.max_age}, now);
    if (price)
      check_true_age(record.stream, price->prices, record.max_age, record.name + " accepts");
  }
}

// ---- 5 and 8: ages and views --------------------------------------------------------------------

void Checkers::check_ages(const engine::StreamView& view, MonoTime now) {
  StreamMemory& memory = streams_[view.info->key];
  const std::string& text = view.info->text;
  for (const auto& age :
       {view.ages.receive, view.ages.confirmed, view.ages.event, view.ages.level}) {
    if (age && *age < Duration{}) breach(5, text + " has a negative age");
  }
  const auto id = world_.monitor().find(view.info->key);
  if (!id) return;
  const Slot slot = world_.monitor().unchecked_slot(*id);
  const bool evidence = !memory.seen || slot.ticks != memory.ticks ||
                        slot.carried != memory.carried || slot.confirmed != memory.confirmed;
  if (!evidence && memory.ages.receive) {
    const Duration passed = now - memory.looked;
    if (!view.ages.receive || *view.ages.receive < *memory.ages.receive + passed) {
      breach(5, text + " grew younger without a tick");
    }
  }
  if (slot.received && slot.carried < memory.carried && slot.ticks == memory.ticks) {
    breach(5, text + " went back to an older price");
  }
  memory.ages = view.ages;
  memory.looked = now;
  memory.ticks = slot.ticks;
  memory.carried = slot.carried;
  memory.confirmed = slot.confirmed;
  memory.seen = true;
}

void Checkers::check_view(const engine::StreamView& view, MonoTime now) {
  const auto id = world_.monitor().find(view.info->key);
  if (!id) return;
  const Level judged = level_at(world_.monitor().unchecked_slot(*id), now);
  if (judged != view.level) {
    breach(8, fmt::format("{}: the view says {}, the slot {}", view.info->text, to_text(view.level),
                          to_text(judged)));
  }
  const auto price = world_.monitor().price(view.info->key, {.max_age = Duration::max()}, now);
  const bool usable = judged == Level::healthy || judged == Level::degraded;
  if (price && !usable) {
    breach(8, fmt::format("{}: the guard accepts what is {}", view.info->text, to_text(judged)));
  }
}

// ---- 6: the newest value wins -------------------------------------------------------------------

void Checkers::check_conflation(const ConsumerRecord& record, MonoTime now) {
  if (!record.subscribed) return;
  const auto id = world_.monitor().find(record.stream);
  if (!id) return;
  const Slot slot = world_.monitor().unchecked_slot(*id);
  const Duration settled = record.min_interval + 1ms;
  if (!slot.received || slot.carried <= record.subscribed_at || now - slot.carried <= settled)
    return;
  const auto price = world_.monitor().price(record.stream, {.max_age = record.max_age}, now);
  if (!price || !record.last || *record.last == price->prices) return;
  breach(6, fmt::format("{} was left with an old price of {}", record.name, record.stream.text()));
}

void Checkers::on_instant(MonoTime now) {
  if (!world_.host().running()) return;
  check_guards(now);
  if (now < next_look_) return;
  next_look_ = now + look_every;
  for (const engine::StreamView& view : world_.control().streams(now)) {
    check_ages(view, now);
    check_view(view, now);
  }
  for (const ConsumerRecord& record : world_.consumers()) check_conflation(record, now);
}

// ---- 4 and 9: after the run ---------------------------------------------------------------------

void Checkers::check_stale_reasons() {
  for (const Event& event : world_.history().events()) {
    if (event.type != Event::Type::stream_level || event.to != Level::stale) continue;
    if (event.reason == Reason::ok) breach(4, event.subject + " became stale without a reason");
  }
}

void Checkers::check_budgets() {
  for (const VenueModel& venue : world_.venues()) {
    const venues::VenueSheet& sheet = venue.setup().side->sheet();
    const auto& dials = venue.record().dials;
    const std::size_t share = std::max<std::size_t>(sheet.dials.count / our_share, 1);
    for (std::size_t i = share; sheet.dials.count > 0 && i < dials.size(); ++i) {
      if (dials[i] - dials[i - share] >= sheet.dials.window - journey_tolerance) continue;
      breach(9, fmt::format("{}: more than {} dials within {}", venue.setup().name, share,
                            format_duration(sheet.dials.window)));
      break;
    }
    if (sheet.messages.count > 0 && venue.record().most_messages > sheet.messages.count) {
      breach(9, fmt::format("{}: {} client messages within {}, limit {}", venue.setup().name,
                            venue.record().most_messages, format_duration(sheet.messages.window),
                            sheet.messages.count));
    }
  }
}

void Checkers::check_scope() {
  for (const VenueModel& venue : world_.venues()) {
    for (const VenueModel::Unsubscribed& each : venue.record().unsubscribed) {
      const std::string prefix = venue.setup().name + "/" + each.symbol + "/";
      const bool repaired = std::ranges::any_of(world_.history().events(), [&](const Event& event) {
        const bool near =
            event.at <= each.at + repair_tolerance && event.at >= each.at - 10 * repair_tolerance;
        return near &&
               (event.type == Event::Type::repair_started ||
                event.type == Event::Type::repair_ended) &&
               event.subject.starts_with(prefix);
      });
      const bool unwanted = world_.was_unwanted(venue.setup().name, each.symbol);
      if (!repaired && !unwanted) {
        breach(9, fmt::format("{} was unsubscribed at {} s without a repair of its own", prefix,
                              run_time_text(each.at)));
      }
    }
  }
}

void Checkers::finish() {
  check_stale_reasons();
  check_budgets();
  check_scope();
}

}  // namespace feedwatch::sim
