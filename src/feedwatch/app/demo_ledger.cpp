#include "feedwatch/app/demo_ledger.hpp"

#include <algorithm>
#include <utility>

#include "feedwatch/model/stream_key.hpp"

namespace feedwatch::app {

namespace {

using Event = engine::Control::Event;

/// The quoted value behind `label=` or `"label":` in an identity or a payload.
std::string_view value_behind(std::string_view text, std::string_view marker) {
  const std::size_t at = text.find(marker);
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + marker.size());
  return text.substr(0, text.find('"'));
}

void write_seconds(JsonWriter& json, std::string_view name, const std::optional<Duration>& moment) {
  json.key(name);
  if (moment) {
    json.number(to_seconds(*moment));
  } else {
    json.null();
  }
}

}  // namespace

bool FaultRecord::concerns(std::string_view venue_name, std::string_view symbol_name) const {
  return venue == venue_name && (symbol.empty() || symbol == symbol_name);
}

// ---- following ----------------------------------------------------------------------------------

void DemoLedger::inject(FaultRecord record, MonoTime now) {
  const std::lock_guard lock(mutex_);
  record.at = now - start_;
  records_.push_back(std::move(record));
}

FaultRecord* DemoLedger::newest(std::string_view venue, std::string_view symbol) {
  for (auto record = records_.rbegin(); record != records_.rend(); ++record) {
    if (record->concerns(venue, symbol)) return &*record;
  }
  return nullptr;
}

void DemoLedger::on_event(const Event& event, MonoTime now) {
  const std::lock_guard lock(mutex_);
  if (event.type == Event::Type::alert) return on_alert(event);
  if (event.type == Event::Type::notification || event.type == Event::Type::venue) return;
  const std::string_view subject = event.subject;
  if (event.type == Event::Type::line_state) {
    const bool live = event.text.find("-> live") != std::string::npos;
    if (live) {
      lines_down_.erase(event.subject);
    } else {
      lines_down_.insert(event.subject);
      FaultRecord* record = newest(subject.substr(0, subject.find('/')), {});
      if (record != nullptr && !record->suspected) record->suspected = event.at - start_;
    }
    return settle(now);
  }
  const Result<StreamKey> key = StreamKey::parse(subject);
  if (!key) return;
  FaultRecord* record = newest(key->venue, key->symbol);
  switch (event.type) {
    case Event::Type::suspect:
      suspects_.insert(event.subject);
      if (record != nullptr && !record->suspected) record->suspected = event.at - start_;
      break;
    case Event::Type::suspect_cleared:
      suspects_.erase(event.subject);
      break;
    case Event::Type::stream_level:
      if (event.to == Level::healthy) {
        unwell_.erase(event.subject);
      } else {
        unwell_.insert(event.subject);
      }
      if (record != nullptr) {
        record->level_changes.push_back({event.subject, event.to, event.at - start_});
      }
      break;
    case Event::Type::repair_started:
    case Event::Type::repair_ended:
      if (record != nullptr) on_repair(*record, event);
      break;
    default:
      break;
  }
  settle(now);
}

void DemoLedger::on_repair(FaultRecord& record, const Event& event) {
  if (!event.repair) return;
  const auto known = std::ranges::find(record.repairs, event.repair->id, &FaultRecord::Repair::id);
  FaultRecord::Repair& repair =
      known != record.repairs.end() ? *known : record.repairs.emplace_back();
  repair.id = event.repair->id;
  repair.step = feed::to_text(event.repair->step);
  repair.at = event.repair->started - start_;
  if (event.repair->ended) repair.ok = event.repair->ok;
}

void DemoLedger::on_alert(const Event& event) {
  FaultRecord* record =
      newest(value_behind(event.subject, "venue=\""), value_behind(event.subject, "symbol=\""));
  if (event.alert_state == "firing" && alerts_open_.insert(event.subject).second) {
    if (record != nullptr) ++record->alerts_opened;
  }
  if (event.alert_state == "resolved" && alerts_open_.erase(event.subject) > 0) {
    if (record != nullptr) ++record->alerts_resolved;
  }
}

// A fault is over when it had been noticed and nothing of its target is unwell any more.
void DemoLedger::settle(MonoTime now) {
  const auto touches = [](const std::set<std::string>& subjects, const FaultRecord& record) {
    const std::string prefix = record.target() + "/";
    return std::ranges::any_of(subjects,
                               [&](const std::string& text) { return text.starts_with(prefix); });
  };
  for (FaultRecord& record : records_) {
    if (!record.suspected || record.healthy) continue;
    const bool repairing = std::ranges::any_of(
        record.repairs, [](const FaultRecord::Repair& repair) { return !repair.ok; });
    if (repairing || touches(suspects_, record) || touches(unwell_, record)) continue;
    if (record.symbol.empty() && touches(lines_down_, record)) continue;
    record.healthy = now - start_;
  }
}

void DemoLedger::on_refused(const StreamKey& stream, MonoTime now) {
  const std::lock_guard lock(mutex_);
  FaultRecord* record = newest(stream.venue, stream.symbol);
  if (record != nullptr && !record->refused && !record->healthy) record->refused = now - start_;
}

void DemoLedger::on_delivery(std::string_view payload) {
  const std::lock_guard lock(mutex_);
  // Each alert of the message is an object that begins with its status.
  constexpr std::string_view beginning = "{\"status\":\"";
  std::size_t at = payload.find(beginning);
  while (at != std::string_view::npos) {
    const std::size_t next = payload.find(beginning, at + 1);
    on_alert_delivered(payload.substr(at, next - at));
    at = next;
  }
}

void DemoLedger::on_alert_delivered(std::string_view alert) {
  FaultRecord* record =
      newest(value_behind(alert, "\"venue\":\""), value_behind(alert, "\"symbol\":\""));
  if (record == nullptr) return;
  if (value_behind(alert, "\"status\":\"") == "resolved") {
    ++record->delivered_resolved;
  } else {
    ++record->delivered_firing;
  }
}

std::vector<FaultRecord> DemoLedger::records() const {
  const std::lock_guard lock(mutex_);
  return records_;
}

std::size_t DemoLedger::open_alerts() const {
  const std::lock_guard lock(mutex_);
  return alerts_open_.size();
}

// ---- judging ------------------------------------------------------------------------------------

std::optional<std::string> broken_promise(const FaultRecord& record) {
  const auto reached = [&](Level level) {
    return std::ranges::any_of(record.level_changes,
                               [&](const auto& change) { return change.level == level; });
  };
  const auto repaired = [&](std::string_view step) {
    return std::ranges::any_of(record.repairs, [&](const FaultRecord::Repair& repair) {
      return repair.step == step && repair.ok.value_or(false);
    });
  };
  if (!record.suspected) return "never suspected";
  if (!record.healthy) return "not healthy again by the end";
  if (record.alerts_opened != record.alerts_resolved) return "an alert was left open";
  switch (record.promise) {
    case Promise::resubscribed:
      if (reached(Level::stale)) return "went stale";
      if (!repaired("resubscribe")) return "not healed by resubscribing";
      break;
    case Promise::new_line_alerted:
      if (!reached(Level::stale)) return "never went stale";
      if (!record.refused) return "its stale price was never refused";
      if (!repaired("replace_line")) return "not healed by a new line";
      if (record.alerts_opened != 1) return "expected exactly one alert";
      if (record.delivered_firing < 1) return "its alert was not delivered";
      break;
    case Promise::line_replaced:
      if (*record.healthy - record.at > 11s + 500ms) return "the line took more than 11 s";
      break;
    case Promise::outage_alerted:
      if (record.alerts_opened != 1) return "expected exactly one alert for the outage";
      if (record.delivered_firing < 1) return "its alert was not delivered";
      break;
  }
  return std::nullopt;
}

void write_fault(JsonWriter& json, const FaultRecord& record) {
  json.begin_object().field("kind", record.kind).field("target", record.target());
  json.key("at_seconds").number(to_seconds(record.at));
  write_seconds(json, "suspected_seconds", record.suspected);
  json.key("level_changes").begin_array();
  for (const auto& change : record.level_changes) {
    json.begin_object().field("level", to_text(change.level));
    json.field("seconds", to_seconds(change.at)).field("stream", change.stream).end_object();
  }
  json.end_array();
  write_seconds(json, "refused_seconds", record.refused);
  json.key("repairs").begin_array();
  for (const auto& repair : record.repairs) {
    json.begin_object().field("step", repair.step).field("seconds", to_seconds(repair.at));
    json.field("ok", repair.ok).end_object();
  }
  json.end_array();
  write_seconds(json, "healthy_seconds", record.healthy);
  json.field("alerts_opened", record.alerts_opened);
  json.field("alerts_resolved", record.alerts_resolved);
  const std::optional<std::string> problem = broken_promise(record);
  json.field("ok", !problem).field("problem", problem).end_object();
}

}  // namespace feedwatch::app
