#include "feedwatch/venues/wire/instruments.hpp"

#include <simdjson.h>

#include "feedwatch/venues/wire/rest_document.hpp"

namespace feedwatch::venues::wire {

namespace {

namespace dom = simdjson::dom;

std::string missing(const InstrumentList& where) {
  return "the instrument list holds no array '" + std::string(where.list) + "'";
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
  dom::array list;
  if (descend(root, where.parents).at_key(where.list).get_array().get(list)) {
    return std::unexpected(missing(where));
  }
  std::vector<Instrument> instruments;
  instruments.reserve(list.size());
  for (const dom::element item : list) {
    std::string_view symbol;
    std::string_view status;
    if (item[where.symbol].get_string().get(symbol) ||
        item[where.status].get_string().get(status)) {
      return std::unexpected("instrument " + std::to_string(instruments.size() + 1) +
                             " lacks a symbol or a status");
    }
    instruments.push_back({std::string(symbol), status == where.trading});
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
