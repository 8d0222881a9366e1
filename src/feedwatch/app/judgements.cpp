#include "feedwatch/app/judgements.hpp"

#include <fmt/format.h>

#include "feedwatch/base/time_text.hpp"

namespace feedwatch::app {

namespace {

using Event = engine::Control::Event;
using Type = engine::Control::Event::Type;

void write_price(JsonWriter& json, const engine::StreamView& view) {
  const bool quote = view.info->key.kind == feedwatch::Kind::quote;
  const auto member = [&](std::string_view name, bool shown, const auto& of) {
    json.key(name);
    shown&& view.prices ? json.string(of(*view.prices).to_string()) : json.null();
  };
  member("price", !quote, [](const Prices& prices) { return prices.price; });
  member("bid", quote, [](const Prices& prices) { return prices.price; });
  member("ask", quote, [](const Prices& prices) { return prices.ask; });
}

void write_streams(JsonWriter& json, const std::vector<engine::StreamView>& streams) {
  json.key("streams").begin_array();
  for (const engine::StreamView& view : streams) {
    json.begin_object()
        .field("stream", view.info->text)
        .field("level", to_text(view.level))
        .field("reason", to_text(view.reason))
        .field("ticks", view.ticks);
    write_price(json, view);
    json.key("last_update");
    view.last_update ? json.string(format_time(*view.last_update)) : json.null();
    json.end_object();
  }
  json.end_array();
}

void write_ticks(JsonWriter& json, const engine::Shard& shard) {
  const Monitor::IntakeCounters& counters = shard.monitor().intake_counters();
  json.key("ticks").begin_object();
  json.field("accepted", counters.accepted).field("confirmed", counters.confirmed);
  json.field("repeats", counters.repeats).field("undecodable", counters.undecodable);
  json.key("rejected").begin_object();
  for (std::size_t i = 1; i < rejection_count; ++i) {
    const auto rejection = static_cast<Rejection>(i);
    const bool unknown = rejection == Rejection::unknown_symbol;
    json.field(to_text(rejection), counters.rejected[i] + (unknown ? shard.unknown_symbols() : 0));
  }
  json.end_object().end_object();
}

std::string price_text(const engine::StreamView& view) {
  if (!view.prices) return "no price";
  if (view.info->key.kind != feedwatch::Kind::quote) return view.prices->price.to_string();
  return view.prices->price.to_string() + "/" + view.prices->ask.to_string();
}

}  // namespace

void Judgements::add(Kind& kind, const Event& event) {
  if (++kind.count <= most_kept) kind.events.push_back(event);
}

void Judgements::note(const Event& event) {
  switch (event.type) {
    case Type::stream_level:
      return add(transitions_, event);
    case Type::suspect:
      return add(suspicions_, event);
    case Type::repair_started:
    case Type::repair_ended:
      return add(repairs_, event);
    case Type::alert:
      note_alert(event);
      return add(alerts_, event);
    default:
      return;
  }
}

void Judgements::note_alert(const Event& event) {
  if (event.alert_state == "resolved") firing_.erase(event.subject);
  if (event.alert_state == "firing" && firing_.insert(event.subject).second) ++fired_;
}

std::string Judgements::time(MonoTime at) const {
  return format_time(anchor_.at(at));
}

std::string Judgements::line(const Event& event) const {
  return fmt::format("{} {} {}", time(event.at), event.subject, event.text);
}

void Judgements::write_json(JsonWriter& json, const engine::Control& control,
                            const engine::Shard& shard, MonoTime now) const {
  write_streams(json, control.streams(now));
  write_ticks(json, shard);
  write_transitions(json);
  write_texts(json, "suspicions", suspicions_);
  write_texts(json, "repairs", repairs_);
  write_alerts(json);
}

void Judgements::write_transitions(JsonWriter& json) const {
  json.field("transition_count", transitions_.count).key("transitions").begin_array();
  for (const Event& event : transitions_.events) {
    json.begin_object()
        .field("at", time(event.at))
        .field("stream", event.subject)
        .field("from", to_text(event.from))
        .field("to", to_text(event.to))
        .field("reason", to_text(event.reason))
        .end_object();
  }
  json.end_array();
}

void Judgements::write_texts(JsonWriter& json, std::string_view name, const Kind& kind) const {
  json.key(name).begin_array();
  for (const Event& event : kind.events) {
    json.begin_object()
        .field("at", time(event.at))
        .field("stream", event.subject)
        .field("text", event.text)
        .end_object();
  }
  json.end_array();
}

void Judgements::write_alerts(JsonWriter& json) const {
  json.field("alert_count", alerts_.count).key("alerts").begin_array();
  for (const Event& event : alerts_.events) {
    json.begin_object()
        .field("at", time(event.at))
        .field("alert", event.subject)
        .field("state", event.alert_state)
        .field("severity", event.severity)
        .end_object();
  }
  json.end_array();
}

std::string Judgements::text(const engine::Control& control, const engine::Shard& shard,
                             MonoTime now) const {
  std::string out;
  for (const engine::StreamView& view : control.streams(now)) {
    out += fmt::format("{:>9} ticks  {:<9} {:<12} {}  {}\n", view.ticks, to_text(view.level),
                       to_text(view.reason), view.info->text, price_text(view));
  }
  out += fmt::format("{} ticks accepted, {} transitions, {} suspicions, {} alerts fired\n",
                     shard.monitor().intake_counters().accepted, transitions_.count,
                     suspicions_.count, fired_);
  return out;
}

}  // namespace feedwatch::app
