#include "feedwatch/venues/wire/rest_price.hpp"

#include <simdjson.h>

#include <charconv>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "feedwatch/venues/wire/json.hpp"
#include "feedwatch/venues/wire/rest_document.hpp"

namespace feedwatch::venues::wire {

namespace {

namespace dom = simdjson::dom;

/// The object of the symbol: the node itself, or its place in a list.
std::expected<dom::element, std::string> object_of(dom::element node, std::string_view symbol,
                                                   std::string_view key) {
  dom::array list;
  if (node.get_array().get(list)) return node;
  std::optional<dom::element> found;
  for (const dom::element item : list) {
    std::string_view named;
    if (!key.empty() && (item[key].get_string().get(named) || named != symbol)) continue;
    found = item;
  }
  if (!found) return std::unexpected("REST tells nothing about " + std::string(symbol));
  return *found;
}

/// A member of an object by its key, or of a list by its place.
simdjson::simdjson_result<dom::element> member(dom::element node, std::string_view key) {
  dom::array list;
  if (node.get_array().get(list)) return node[key];
  std::size_t place = 0;
  const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), place);
  if (error != std::errc{} || end != key.data() + key.size()) return simdjson::NO_SUCH_FIELD;
  return list.at(place);
}

bool read_price(dom::element object, std::string_view key, Decimal& out) {
  dom::element value;
  if (member(object, key).get(value)) return false;
  dom::array list;
  while (!value.get_array().get(list)) {
    if (list.at(0).get(value)) return false;
  }
  std::string_view text;
  if (value.get_string().get(text)) return false;
  const auto price = Decimal::parse(text);
  if (!price || !price->is_positive()) return false;
  out = *price;
  return true;
}

/// A number, or a string that holds one; an empty token where there is neither.
Token read_token(dom::element object, std::string_view key, std::string& buffer) {
  Token token;
  dom::element value;
  if (key.empty() || member(object, key).get(value)) return token;
  std::uint64_t number = 0;
  std::string_view text;
  if (!value.get_uint64().get(number)) {
    buffer = std::to_string(number);
    token.set(buffer);
  } else if (!value.get_string().get(text)) {
    token.set(text);
  }
  return token;
}

/// A whole answer, read.
struct Answer {
  dom::element root;
  dom::element node;  ///< where the parents lead
};

std::expected<Answer, std::string> read_answer(dom::parser& parser, std::string_view body,
                                               std::span<const std::string_view> parents) {
  Answer answer;
  if (const auto error = parser.parse(body.data(), body.size()).get(answer.root)) {
    return std::unexpected("the answer is not JSON: " +
                           std::string(simdjson::error_message(error)));
  }
  if (descend(answer.root, parents).get(answer.node)) {
    return std::unexpected("the answer holds no '" + std::string(parents.back()) + "'");
  }
  return answer;
}

std::expected<RestPrice, std::string> read_told(dom::element root, dom::element object,
                                                std::string_view symbol, const PriceFields& where) {
  RestPrice told;
  const auto lacks = [&](std::string_view key) {
    return std::unexpected("REST tells no price '" + std::string(key) + "' of " +
                           std::string(symbol));
  };
  if (!read_price(object, where.price, told.prices.price)) return lacks(where.price);
  if (!where.ask.empty() && !read_price(object, where.ask, told.prices.ask)) {
    return lacks(where.ask);
  }
  std::string digits;
  told.ts_event = parse_millis(read_token(object, where.time, digits));
  if (!told.ts_event) told.ts_event = parse_millis(read_token(root, where.time, digits));
  told.seq = parse_unsigned(read_token(object, where.seq, digits));
  return told;
}

/// Those objects of a list whose names are wanted, or of an object whose keys are.
struct Members {
  std::size_t listed = 0;  ///< wanted or not
  std::unordered_map<std::string_view, dom::element> wanted;
};

Members members_of(dom::element node, std::string_view key,
                   const std::unordered_set<std::string_view>& names) {
  Members members;
  const auto take = [&](std::string_view name, dom::element item) {
    ++members.listed;
    if (names.contains(name)) members.wanted.insert_or_assign(name, item);
  };
  dom::array list;
  dom::object object;
  if (!key.empty() && !node.get_array().get(list)) {
    for (const dom::element item : list) {
      std::string_view name;
      if (!item[key].get_string().get(name)) take(name, item);
    }
  } else if (key.empty() && !node.get_object().get(object)) {
    for (const auto [name, item] : object) {
      if (item.is_object()) take(name, item);
    }
  }
  return members;
}

}  // namespace

std::expected<RestPrice, std::string> parse_price(std::string_view body, std::string_view symbol,
                                                  const PriceFields& where) {
  dom::parser parser;
  const auto answer = read_answer(parser, body, where.parents);
  if (!answer) return std::unexpected(answer.error());
  const auto object = object_of(answer->node, symbol, where.symbol);
  if (!object) return std::unexpected(object.error());
  return read_told(answer->root, *object, symbol, where);
}

std::expected<RestPrices, std::string> parse_prices(std::string_view body,
                                                    std::span<const PriceName> asked,
                                                    const FieldsOf& fields, const NamesOf& names) {
  const PriceFields first = fields(asked.front().kind);
  dom::parser parser;
  const auto answer = read_answer(parser, body, first.parents);
  if (!answer) return std::unexpected(answer.error());
  std::vector<std::vector<std::string>> called;
  std::unordered_set<std::string_view> wanted;
  for (const PriceName& each : asked) {
    called.push_back(names ? names(each.symbol) : std::vector{std::string(each.symbol)});
  }
  for (const auto& each : called) wanted.insert(each.begin(), each.end());
  const Members members = members_of(answer->node, first.symbol, wanted);
  if (members.listed == 0) return std::unexpected("the answer lists no symbol");
  RestPrices told(asked.size());
  for (std::size_t i = 0; i < asked.size(); ++i) {
    for (const std::string& name : called[i]) {
      const auto found = members.wanted.find(name);
      if (found == members.wanted.end()) continue;
      const auto read =
          read_told(answer->root, found->second, asked[i].symbol, fields(asked[i].kind));
      if (read) told[i] = *read;
      break;
    }
  }
  return told;
}

}  // namespace feedwatch::venues::wire
