#include "feedwatch/api/position_body.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <utility>

#include "feedwatch/api/answer_fields.hpp"
#include "feedwatch/api/json_fields.hpp"
#include "feedwatch/api/override_json.hpp"
#include "feedwatch/base/duration_text.hpp"
#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/base/time_text.hpp"

namespace feedwatch::api {
namespace {

using simdjson::SUCCESS;
namespace ondemand = simdjson::ondemand;

Error wrong(std::string why) {
  return {.what = "body",
          .why = std::move(why),
          .fix = R"(send {"venue": "bybit-linear", "symbol": "BTCUSDT", "side": "long", )"
                 R"("entry_price": "28145.10", "quantity": "0.25"}, and if wanted opened_at, )"
                 R"(owner, strategy, ttl, trailing, aged)"};
}

/// Takes a body's members, one after the other.
class PositionReader {
 public:
  explicit PositionReader(std::string id) { out.position.id = std::move(id); }

  Result<void> take(std::string_view key, const std::string& words) {
    Position& position = out.position;
    if (key == "venue") return take_text(position.venue, words);
    if (key == "symbol") return take_text(position.symbol, words);
    if (key == "owner") return take_text(out.owner, words);
    if (key == "strategy") return take_text(out.terms.strategy, words);
    if (key == "entry_price") return take_number(key, position.entry_price, words);
    if (key == "quantity") return take_number(key, position.quantity, words);
    if (key == "side") return take_side(words);
    if (key == "opened_at") return take_opened(words);
    if (key == "ttl") return take_ttl(words);
    return std::unexpected(wrong(fmt::format("unknown key '{}'", key)));
  }

  Result<void> complete() const {
    const Position& position = out.position;
    if (position.venue.empty()) return missing("venue");
    if (position.symbol.empty()) return missing("symbol");
    if (!sided_) return missing("side");
    if (position.entry_price.is_zero()) return missing("entry_price above 0");
    if (position.quantity.is_zero()) return missing("quantity above 0");
    return {};
  }

  PositionBody out;

 private:
  static Result<void> missing(std::string_view what) {
    return std::unexpected(wrong(fmt::format("has no {}", what)));
  }
  static Result<void> take_text(std::string& into, const std::string& words) {
    into = words;
    return {};
  }
  static Result<void> take_number(std::string_view key, Decimal& into, const std::string& words) {
    const auto number = Decimal::parse(words);
    if (!number) {
      return std::unexpected(wrong(fmt::format("'{}' is no decimal number", key)));
    }
    into = *number;
    return {};
  }
  Result<void> take_side(const std::string& words) {
    const auto side = side_from_text(words);
    if (!side) return std::unexpected(wrong("'side' must be long or short"));
    out.position.side = *side;
    sided_ = true;
    return {};
  }
  Result<void> take_opened(const std::string& words) {
    const Result<WallTime> at = parse_time(words);
    if (!at) {
      return std::unexpected(
          wrong("'opened_at': " + at.error().why + ", as in 2026-11-27T12:00:00Z"));
    }
    out.position.opened_at = *at;
    out.dated = true;
    return {};
  }
  Result<void> take_ttl(const std::string& words) {
    const Result<Duration> ttl = parse_duration(words);
    if (!ttl) return std::unexpected(wrong("'ttl': " + ttl.error().text()));
    out.ttl = *ttl;
    return {};
  }

  bool sided_ = false;
};

/// The parser asks for each member in order, and of a broken one nothing more.
Result<void> read_all(ondemand::object& object, PositionReader& reader) {
  for (auto member : object) {
    std::string_view key;
    ondemand::value value;
    if (member.unescaped_key().get(key) != SUCCESS || member.value().get(value) != SUCCESS) {
      return std::unexpected(wrong("is not a JSON object"));
    }
    const std::string name(key);
    if (name == "trailing" || name == "aged") {
      RuleOverrides& rules = reader.out.terms.rules;
      const Result<void> taken =
          name == "aged" ? read_override(value, rules.aged) : read_override(value, rules.trailing);
      if (!taken) return taken;
      continue;
    }
    const auto words = words_of(value);
    if (!words) return std::unexpected(wrong(fmt::format("'{}' must be a text", name)));
    if (Result<void> taken = reader.take(name, *words); !taken) return taken;
  }
  return {};
}

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

}  // namespace

Result<PositionBody> parse_position(std::string id, std::string_view body) {
  // Whole first: what is read on demand may go on behind its end.
  const simdjson::padded_string padded(body);
  simdjson::dom::parser whole;
  ondemand::parser parser;
  ondemand::document document;
  ondemand::object object;
  if (whole.parse(padded).error() != SUCCESS || parser.iterate(padded).get(document) != SUCCESS ||
      document.get_object().get(object) != SUCCESS) {
    return std::unexpected(wrong("is not a JSON object"));
  }
  PositionReader reader(std::move(id));
  if (Result<void> read = read_all(object, reader); !read) return std::unexpected(read.error());
  if (Result<void> all = reader.complete(); !all) return std::unexpected(all.error());
  return std::move(reader.out);
}

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
  json.end_object();
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

namespace {

void maybe_text(JsonWriter& json, std::string_view name, const std::optional<std::string>& value) {
  json.key(name);
  if (value) {
    json.string(*value);
  } else {
    json.null();
  }
}

void maybe_number(JsonWriter& json, std::string_view name, const std::optional<double>& value) {
  json.key(name);
  if (value) {
    json.number(*value);
  } else {
    json.null();
  }
}

void decision_fields(JsonWriter& json, const PositionDecisionRow& row) {
  json.begin_object()
      .field("key", row.id)
      .field("venue", row.venue)
      .field("symbol", row.symbol)
      .field("position", row.position)
      .field("number", row.number)
      .field("rule", row.rule)
      .field("type", row.type);
  maybe_text(json, "price", row.price);
  maybe_text(json, "stop", row.stop);
  maybe_text(json, "peak", row.peak);
  maybe_text(json, "target", row.target);
  json.field("phase", row.phase);
  maybe_number(json, "receive_age_seconds", row.receive_age_seconds);
  maybe_number(json, "event_age_seconds", row.event_age_seconds);
  json.field("source", row.source).field("reason", row.reason);
  json.field("decided_at", format_time(row.created_at)).end_object();
}

}  // namespace

std::string decisions_json(const std::vector<WrittenDecision>& written, std::int64_t after) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("decisions").begin_array();
  for (const WrittenDecision& each : written) {
    decision_fields(json, each.row);
    after = each.seq;
  }
  json.end_array().field("next_cursor", std::to_string(after)).end_object();
  return out;
}

namespace {

/// "callback_percent 0.3, steps 3:0.5", or "off".
std::string rule_words(const simdjson::dom::element& rule) {
  if (rule.is_bool()) return rule.get_bool().value_unsafe() ? "on" : "off";
  simdjson::dom::object numbers;
  if (rule.get(numbers) != SUCCESS) return {};
  std::string words;
  for (const auto& [name, value] : numbers) {
    std::string_view number;
    std::string list;
    simdjson::dom::array steps;
    if (value.get(steps) == SUCCESS) {
      for (const auto step : steps) {
        if (step.get(number) == SUCCESS) list += (list.empty() ? "" : ",") + std::string(number);
      }
    } else if (value.get(number) == SUCCESS) {
      list = number;
    }
    words += fmt::format("{}{} {}", words.empty() ? "" : ", ", name, list);
  }
  return printable(words.empty() ? "on" : words);
}

/// What it says of itself besides.
std::string terms_words(const simdjson::dom::object& position) {
  std::string words;
  if (const std::string strategy = text(position, "strategy"); !strategy.empty()) {
    words += "  strategy " + strategy;
  }
  for (const char* const rule : {"trailing", "aged"}) {
    simdjson::dom::element wish;
    if (position[rule].get(wish) != SUCCESS || wish.is_null()) continue;
    words += fmt::format("  {}: {}", rule, rule_words(wish));
  }
  return words;
}

}  // namespace

Result<std::string> position_table(std::string_view body) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  simdjson::dom::array positions;
  if (parser.parse(simdjson::padded_string(body)).get(object) != SUCCESS ||
      object["positions"].get(positions) != SUCCESS) {
    return foreign();
  }
  std::string out;
  for (const auto element : positions) {
    simdjson::dom::object position;
    if (element.get(position) != SUCCESS) continue;
    simdjson::dom::object price, refused;
    std::string served;
    if (position["price"].get(price) == SUCCESS) {
      served = fmt::format("{} {}, {:.1f} s old", text(position, "stream"), text(price, "price"),
                           number(price, "receive_age_seconds").value_or(0));
    } else if (position["refused"].get(refused) == SUCCESS) {
      const std::string stream = text(position, "stream");
      served = fmt::format("{} {} for {:.0f} s", stream.empty() ? "no stream:" : stream,
                           text(refused, "refusal"), number(refused, "for_seconds").value_or(0));
    }
    out += fmt::format("{:<11} {}/{} {}  {} {} at {}  {}{}{}\n", text(position, "state"),
                       text(position, "venue"), text(position, "symbol"), text(position, "id"),
                       text(position, "side"), text(position, "quantity"),
                       text(position, "entry_price"), served, terms_words(position),
                       flag(position, "expired") ? "  (not renewed)" : "");
  }
  if (out.empty()) out = "no positions: none is registered\n";
  return out;
}

}  // namespace feedwatch::api
