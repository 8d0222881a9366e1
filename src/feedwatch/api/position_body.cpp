#include "feedwatch/api/position_body.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <utility>

#include "feedwatch/api/json_fields.hpp"
#include "feedwatch/api/override_json.hpp"
#include "feedwatch/base/decision_json.hpp"
#include "feedwatch/base/duration_text.hpp"
#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/base/time_text.hpp"

namespace feedwatch::api {
namespace {

using simdjson::SUCCESS;

void price_fields(JsonWriter& json, const engine::PositionView& view) {
  json.key("price");
  if (!view.price) {
    json.null();
    return;
  }
  const Price& price = view.price->price;
  json.begin_object().field("price", price.prices.price.to_string());
  if (view.stream.ends_with("/quote")) json.field("ask", price.prices.ask.to_string());
  json.field("source", to_text(view.price->source)).field("level", to_text(price.level));
  seconds(json, "receive_age_seconds", price.receive_age);
  seconds(json, "confirmed_age_seconds", price.confirmed_age);
  seconds(json, "event_age_seconds", price.event_age);
  json.end_object();
}

void refusal_fields(JsonWriter& json, const engine::PositionView& view, MonoTime now) {
  json.key("refused");
  if (!view.refusal) {
    json.null();
    return;
  }
  json.begin_object()
      .field("refusal", to_text(view.refusal->code))
      .field("reason", to_text(view.refusal->reason));
  seconds(json, "for_seconds",
          view.refused_since ? std::optional(now - *view.refused_since) : std::nullopt);
  seconds(json, "age_seconds", view.refusal->age);
  json.field("detail", view.detail).end_object();
}

void listing_fields(JsonWriter& json, const std::vector<PositionListing>& listings,
                    const std::function<WallTime(MonoTime)>& utc) {
  json.key("sources").begin_array();
  for (const PositionListing& listing : listings) {
    json.begin_object().field("source", listing.source);
    moment(json, "listed_at", utc(listing.listed));
    moment(json, "absent_since",
           listing.absent_since ? std::optional(utc(*listing.absent_since)) : std::nullopt);
    json.end_object();
  }
  json.end_array();
}

}  // namespace

std::string position_body(const PositionBody& wish) {
  const Position& position = wish.position;
  std::string out;
  JsonWriter json(out);
  json.begin_object()
      .field("venue", position.venue)
      .field("symbol", position.symbol)
      .field("side", to_text(position.side))
      .field("entry_price", position.entry_price.to_string())
      .field("quantity", position.quantity.to_string());
  if (wish.dated) json.field("opened_at", format_time(position.opened_at));
  if (wish.ttl) json.field("ttl", format_duration(*wish.ttl));
  json.field("owner", wish.owner);
  if (!wish.terms.strategy.empty()) json.field("strategy", wish.terms.strategy);
  if (wish.terms.rules.trailing) write_override(json.key("trailing"), wish.terms.rules.trailing);
  if (wish.terms.rules.aged) write_override(json.key("aged"), wish.terms.rules.aged);
  json.end_object();
  return out;
}

std::string_view state_of(const engine::PositionView& view) {
  if (view.findings.unprotected) return "unprotected";
  if (view.findings.without_source || view.findings.never_delivered) return "unserved";
  return view.refusal ? "refused" : "protected";
}

std::string position_json(const engine::PositionView& view,
                          const std::vector<PositionListing>& listings,
                          const std::function<WallTime(MonoTime)>& utc, MonoTime now) {
  const PositionLease& lease = view.lease;
  const Position& position = lease.position;
  std::string out;
  JsonWriter json(out);
  json.begin_object()
      .field("id", position.id)
      .field("venue", position.venue)
      .field("symbol", position.symbol)
      .field("side", to_text(position.side))
      .field("entry_price", position.entry_price.to_string())
      .field("quantity", position.quantity.to_string());
  moment(json, "opened_at", position.opened_at);
  json.field("owner", lease.owner).key("strategy");
  if (lease.terms.strategy.empty()) {
    json.null();
  } else {
    json.string(lease.terms.strategy);
  }
  write_override(json.key("trailing"), lease.terms.rules.trailing);
  write_override(json.key("aged"), lease.terms.rules.aged);
  moment(json, "registered_at", utc(lease.registered));
  seconds(json, "ttl_seconds", lease.ttl);
  moment(json, "expires_at", lease.expires ? std::optional(utc(*lease.expires)) : std::nullopt);
  json.field("expired", view.expired).field("state", state_of(view));
  json.key("stream");
  if (view.stream.empty()) {
    json.null();
  } else {
    json.string(view.stream);
  }
  price_fields(json, view);
  refusal_fields(json, view, now);
  listing_fields(json, listings, utc);
  json.end_object();
  return out;
}

namespace {

constexpr std::size_t shown_faults = 100;

void source_fields(JsonWriter& json, const PositionSourceView& source,
                   const std::function<WallTime(MonoTime)>& utc) {
  json.field("source", source.name).field("state", to_text(source.state));
  moment(json, "heard_at", source.heard ? std::optional(utc(*source.heard)) : std::nullopt);
  json.field("why", source.why)
      .field("listed", static_cast<std::int64_t>(source.listed))
      .field("unlisted", static_cast<std::int64_t>(source.unlisted));
}

}  // namespace

std::string source_json(const PositionSourceView& source,
                        const std::function<WallTime(MonoTime)>& utc) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  source_fields(json, source, utc);
  json.end_object();
  return out;
}

std::string taken_json(const engine::ListTaken& taken,
                       const std::function<WallTime(MonoTime)>& utc) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  source_fields(json, taken.source, utc);
  json.field("registered", static_cast<std::int64_t>(taken.registered))
      .field("changed", static_cast<std::int64_t>(taken.changed))
      .field("renewed", static_cast<std::int64_t>(taken.renewed))
      .field("refused", static_cast<std::int64_t>(taken.faults.size()))
      .key("faults")
      .begin_array();
  for (std::size_t i = 0; i < std::min(taken.faults.size(), shown_faults); ++i) {
    const engine::ListFault& fault = taken.faults[i];
    json.begin_object()
        .field("element", static_cast<std::int64_t>(fault.element))
        .field("id", fault.id)
        .field("error", fault.error.text())
        .end_object();
  }
  json.end_array().end_object();
  return out;
}

Result<bool> parse_confirmation(std::string_view body) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  bool confirmed = false;
  if (parser.parse(simdjson::padded_string(body)).get(object) != SUCCESS || object.size() != 1 ||
      object["confirmed"].get(confirmed) != SUCCESS) {
    return std::unexpected(Error{"body", "does not say whether it was carried out",
                                 R"(send {"confirmed": true}, or false)"});
  }
  return confirmed;
}

std::string decisions_json(const std::vector<WrittenDecision>& written, std::int64_t after) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("decisions").begin_array();
  for (const WrittenDecision& each : written) {
    write_decision(json, each.row);
    after = each.seq;
  }
  json.end_array().field("next_cursor", std::to_string(after)).end_object();
  return out;
}

}  // namespace feedwatch::api
