// Positions, and lists of them, out of JSON.

#include <fmt/format.h>
#include <simdjson.h>

#include <map>
#include <set>
#include <utility>

#include "feedwatch/api/override_json.hpp"
#include "feedwatch/api/position_body.hpp"
#include "feedwatch/base/duration_text.hpp"
#include "feedwatch/base/time_text.hpp"

namespace feedwatch::api {
namespace {

using simdjson::SUCCESS;
namespace ondemand = simdjson::ondemand;

constexpr std::string_view list_fix =
    R"(send {"ready": true, "positions": [{"id": "p1", "venue": "bybit-linear", …}]}, all there are)";

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
  PositionReader(std::string id, bool listed) : listed_(listed) {
    out.position.id = std::move(id);
    if (listed) out.owner.clear();
  }

  Result<void> take(std::string_view key, const std::string& words) {
    Position& position = out.position;
    if (key == "id" && listed_) return take_text(position.id, words);
    if (key == "venue") return take_text(position.venue, words);
    if (key == "symbol") return take_text(position.symbol, words);
    if (key == "owner") return take_text(out.owner, words);
    if (key == "strategy") {
      out.said.strategy = true;
      return take_text(out.terms.strategy, words);
    }
    if (key == "entry_price") return take_number(key, position.entry_price, words);
    if (key == "quantity") return take_number(key, position.quantity, words);
    if (key == "side") return take_side(words);
    if (key == "opened_at") return take_opened(words);
    if (key == "ttl") return take_ttl(words);
    return std::unexpected(wrong(fmt::format("unknown key '{}'", key)));
  }

  Result<void> complete() const {
    const Position& position = out.position;
    if (listed_ && position.id.empty()) return missing("id");
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

  bool listed_ = false;  ///< in a list, where the id is a member
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
      (name == "aged" ? reader.out.said.aged : reader.out.said.trailing) = true;
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

Error wrong_list(std::string why) {
  return {.what = "list", .why = std::move(why), .fix = std::string(list_fix)};
}

/// A name that stands twice in one object: which of the two counts nobody can say.
std::optional<std::string> repeated(simdjson::dom::element element) {
  simdjson::dom::object object;
  simdjson::dom::array array;
  if (element.get(object) == SUCCESS) {
    std::set<std::string_view> names;
    for (const auto& [name, value] : object) {
      if (!names.insert(name).second) return std::string(name);
      if (auto inner = repeated(value)) return inner;
    }
  } else if (element.get(array) == SUCCESS) {
    for (const auto value : array) {
      if (auto inner = repeated(value)) return inner;
    }
  }
  return std::nullopt;
}

/// Takes a list's members, one after the other.
class ListReader {
 public:
  Result<void> read(ondemand::object& object) {
    for (auto member : object) {
      std::string_view key;
      ondemand::value value;
      if (member.unescaped_key().get(key) != SUCCESS || member.value().get(value) != SUCCESS) {
        return std::unexpected(wrong_list("is not a JSON object"));
      }
      const std::string name(key);
      if (name == "ready") {
        if (value.get_bool().get(out.ready) != SUCCESS) {
          return std::unexpected(wrong_list("'ready' must be true or false"));
        }
        has_ready_ = true;
      } else if (name == "positions") {
        if (Result<void> taken = take_positions(value); !taken) return taken;
      } else {
        return std::unexpected(wrong_list(fmt::format("unknown key '{}'", name)));
      }
    }
    return complete();
  }

  engine::PositionList out;

 private:
  /// Absent is not empty: a reply that failed has no positions either (I-12).
  Result<void> complete() {
    if (!has_ready_) return std::unexpected(wrong_list("does not say whether it is 'ready'"));
    if (out.ready && !has_positions_) return std::unexpected(wrong_list("has no 'positions'"));
    if (!out.ready) {
      out.elements.clear();
      out.faults.clear();
    }
    return {};
  }

  Result<void> take_positions(ondemand::value& value) {
    ondemand::array elements;
    if (value.get_array().get(elements) != SUCCESS) {
      return std::unexpected(wrong_list("'positions' must be an array"));
    }
    has_positions_ = true;
    std::size_t number = 0;
    for (auto element : elements) {
      if (Result<void> taken = take_element(element, number++); !taken) return taken;
    }
    return {};
  }

  Result<void> take_element(simdjson::simdjson_result<ondemand::value> element,
                            std::size_t number) {
    ondemand::object object;
    if (element.get_object().get(object) != SUCCESS) {
      out.faults.push_back({number, {}, {"position", "is not a JSON object", {}}});
      return {};
    }
    PositionReader reader({}, true);
    Result<void> read = read_all(object, reader);
    if (read) read = reader.complete();
    Position& position = reader.out.position;
    if (!read) {
      out.faults.push_back({number, position.id, {"position", read.error().why, {}}});
      return {};
    }
    const auto [twin, is_new] = numbers_.try_emplace(key_of(position), number);
    if (!is_new) {
      return std::unexpected(
          wrong_list(fmt::format("elements {} and {} are both {}/{}/{}", twin->second, number,
                                 position.venue, position.symbol, position.id)));
    }
    out.elements.push_back({number, std::move(position), reader.out.dated, reader.out.ttl,
                            std::move(reader.out.owner), std::move(reader.out.terms),
                            reader.out.said});
    return {};
  }

  bool has_ready_ = false, has_positions_ = false;
  std::map<PositionKey, std::size_t> numbers_;
};

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
  PositionReader reader(std::move(id), false);
  if (Result<void> read = read_all(object, reader); !read) return std::unexpected(read.error());
  if (Result<void> all = reader.complete(); !all) return std::unexpected(all.error());
  return std::move(reader.out);
}

Result<engine::PositionList> parse_position_list(std::string_view body) {
  // Whole first: what is read on demand may go on behind its end.
  const simdjson::padded_string padded(body);
  simdjson::dom::parser whole;
  simdjson::dom::element all;
  if (const auto error = whole.parse(padded).get(all); error != SUCCESS) {
    return std::unexpected(
        wrong_list(fmt::format("is not JSON ({} bytes): {}", body.size(), error_message(error))));
  }
  if (const auto name = repeated(all)) {
    return std::unexpected(wrong_list(fmt::format("'{}' stands twice in one object", *name)));
  }
  ondemand::parser parser;
  ondemand::document document;
  ondemand::object object;
  if (parser.iterate(padded).get(document) != SUCCESS ||
      document.get_object().get(object) != SUCCESS) {
    return std::unexpected(wrong_list("is not a JSON object"));
  }
  ListReader reader;
  if (Result<void> read = reader.read(object); !read) return std::unexpected(read.error());
  return std::move(reader.out);
}

}  // namespace feedwatch::api
