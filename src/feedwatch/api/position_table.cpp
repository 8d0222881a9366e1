// Answers about positions as lines for a terminal.

#include <fmt/format.h>
#include <simdjson.h>

#include "feedwatch/api/answer_fields.hpp"
#include "feedwatch/api/position_body.hpp"
#include "feedwatch/api/terminal_text.hpp"

namespace feedwatch::api {
namespace {

using simdjson::SUCCESS;

/// "  (not listed by bot, exchange)"
std::string unlisted_by(const simdjson::dom::object& position) {
  std::string names;
  simdjson::dom::array sources;
  if (position["sources"].get(sources) != SUCCESS) return names;
  for (const auto element : sources) {
    simdjson::dom::object source;
    if (element.get(source) != SUCCESS || text(source, "absent_since").empty()) continue;
    names += (names.empty() ? "" : ", ") + text(source, "source");
  }
  return names.empty() ? names : "  (not listed by " + names + ")";
}

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

int whole(const simdjson::dom::object& from, std::string_view key) {
  return static_cast<int>(number(from, key).value_or(0));
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
    out += fmt::format("{:<11} {}/{} {}  {} {} at {}  {}{}{}{}\n", text(position, "state"),
                       text(position, "venue"), text(position, "symbol"), text(position, "id"),
                       text(position, "side"), text(position, "quantity"),
                       text(position, "entry_price"), served, terms_words(position),
                       flag(position, "expired") ? "  (not renewed)" : "", unlisted_by(position));
  }
  if (out.empty()) out = "no positions: none is registered\n";
  return out;
}

Result<TakenView> parse_taken(std::string_view body) {
  simdjson::dom::parser parser;
  simdjson::dom::object taken;
  simdjson::dom::array faults;
  if (parser.parse(simdjson::padded_string(body)).get(taken) != SUCCESS ||
      taken["faults"].get(faults) != SUCCESS) {
    return foreign();
  }
  TakenView view;
  view.whole = whole(taken, "refused") == 0;
  view.text = fmt::format(
      "{}: {}; {} listed ({} registered, {} changed, {} renewed), {} refused, "
      "{} of earlier lists missing\n",
      text(taken, "source"), text(taken, "state"), whole(taken, "listed"),
      whole(taken, "registered"), whole(taken, "changed"), whole(taken, "renewed"),
      whole(taken, "refused"), whole(taken, "unlisted"));
  for (const auto element : faults) {
    simdjson::dom::object fault;
    if (element.get(fault) != SUCCESS) continue;
    view.text += fmt::format("element {} {}: {}\n", whole(fault, "element"), text(fault, "id"),
                             text(fault, "error"));
  }
  return view;
}

Result<std::string> source_table(std::string_view body) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  simdjson::dom::array sources;
  if (parser.parse(simdjson::padded_string(body)).get(object) != SUCCESS ||
      object["sources"].get(sources) != SUCCESS) {
    return foreign();
  }
  std::string out;
  for (const auto element : sources) {
    simdjson::dom::object source;
    if (element.get(source) != SUCCESS) continue;
    const std::string heard = text(source, "heard_at"), why = text(source, "why");
    out += fmt::format("{:<10}  {}  {} listed, {} missing, {}{}{}\n", text(source, "state"),
                       text(source, "source"), whole(source, "listed"), whole(source, "unlisted"),
                       heard.empty() ? "not heard in this run" : "heard " + heard,
                       why.empty() ? "" : ": ", why);
  }
  if (out.empty()) out = "no sources: nobody has listed positions\n";
  return out;
}

}  // namespace feedwatch::api
