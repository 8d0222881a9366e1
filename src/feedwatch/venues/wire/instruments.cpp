#include "feedwatch/venues/wire/instruments.hpp"

#include <simdjson.h>

#include <algorithm>

#include "feedwatch/venues/wire/rest_document.hpp"

namespace feedwatch::venues::wire {

namespace {

namespace dom = simdjson::dom;

std::string missing(const InstrumentList& where) {
  return where.list.empty()
             ? "the instrument list is no array"
             : "the instrument list holds no array '" + std::string(where.list) + "'";
}

/// Adds one member; false when it lacks what every instrument has.
bool add(dom::element item, const InstrumentList& where, std::vector<Instrument>& instruments) {
  std::string_view symbol;
  std::string_view status;
  const bool named = !item[where.symbol].get_string().get(symbol);
  if (!named && where.skip_nameless) return true;
  if (!named || item[where.status].get_string().get(status)) return false;
  std::string_view alias;
  if (!where.alias.empty() && !item[where.alias].get_string().get(alias) && !alias.empty()) {
    return true;
  }
  const bool barred = std::ranges::any_of(where.barred, [&](std::string_view key) {
    bool set = false;
    return !item[key].get_bool().get(set) && set;
  });
  const bool trading =
      status == where.trading || (!where.also_trading.empty() && status == where.also_trading);
  instruments.push_back({std::string(symbol), trading && !barred});
  return true;
}

}  // namespace

std::expected<std::vector<Instrument>, std::string> parse_instruments(std::string_view body,
                                                                      const InstrumentList& where) {
  dom::parser parser;
  dom::element root;
  if (const auto error = parser.parse(body.data(), body.size()).get(root)) {
    return std::unexpected("the instrument list is not JSON: " +
                           std::string(simdjson::error_message(error)));
  }
  dom::element node;
  if (descend(root, where.parents).get(node)) return std::unexpected(missing(where));
  if (!where.list.empty() && node[where.list].get(node)) return std::unexpected(missing(where));
  std::vector<Instrument> instruments;
  const auto lacks = [&] {
    return std::unexpected("instrument " + std::to_string(instruments.size() + 1) +
                           " lacks a symbol or a status");
  };
  dom::array list;
  dom::object members;
  if (!node.get_array().get(list)) {
    instruments.reserve(list.size());
    for (const dom::element item : list) {
      if (!add(item, where, instruments)) return lacks();
    }
  } else if (where.list.empty() || node.get_object().get(members)) {
    return std::unexpected(missing(where));
  } else {
    for (const dom::key_value_pair member : members) {
      if (!add(member.value, where, instruments)) return lacks();
    }
  }
  return instruments;
}

std::string string_at(std::string_view body, std::span<const std::string_view> path) {
  dom::parser parser;
  dom::element root;
  std::string_view text;
  if (parser.parse(body.data(), body.size()).get(root)) return {};
  if (descend(root, path).get_string().get(text)) return {};
  return std::string(text);
}

}  // namespace feedwatch::venues::wire
