#include "feedwatch/exchange/fault_parse.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <span>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <simdjson.h>

#include "feedwatch/base/duration_text.hpp"
#include "feedwatch/base/json_writer.hpp"

namespace feedwatch::exchange {
namespace {

using simdjson::dom::element;
using Words = std::span<const std::string_view>;

constexpr std::array<std::string_view, 7> common_keys{"fault", "symbol", "symbols", "route",
                                                      "heals", "for",    "at"};

std::unexpected<Error> bad(std::string why, std::string fix) {
  return std::unexpected(Error{"fault", std::move(why), std::move(fix)});
}

std::string list(Words words) {
  return fmt::format("{}", fmt::join(words, ", "));
}

Words own_keys(FaultKind kind) {
  static constexpr std::array<std::string_view, 1> queue{"delay"}, offset{"offset"},
      some{"connections"}, price{"price"}, status{"status"}, retry{"retry_after"};
  static constexpr std::array<std::string_view, 2> accept{"code", "delay"},
      close{"code", "connections"}, refused{"status", "retry_after"};
  static constexpr std::array<std::string_view, 4> budget{"limit", "window", "ban", "status"};
  switch (kind) {
    case FaultKind::queue_delay:
      return queue;
    case FaultKind::clock_offset:
      return offset;
    case FaultKind::close:
      return close;
    case FaultKind::half_open:
      return some;
    case FaultKind::accept_then_close:
    case FaultKind::announce_close:
      return accept;
    case FaultKind::handshake_status:
      return refused;
    case FaultKind::frozen_price:
      return price;
    case FaultKind::rest_down:
      return status;
    case FaultKind::rest_429:
      return retry;
    case FaultKind::connect_budget:
      return budget;
    default:
      return {};
  }
}

Result<std::string> text_of(std::string_view key, element value) {
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS) {
    return bad(fmt::format("\"{}\" is not a string", key), "write it in quotes");
  }
  return std::string{text};
}

Result<Duration> duration_of(std::string_view key, element value, bool may_be_negative = false) {
  const auto text = text_of(key, value);
  if (!text) return std::unexpected(text.error());
  const bool negative = may_be_negative && text->starts_with('-');
  const auto duration = parse_duration(negative ? text->substr(1) : *text);
  if (!duration) {
    return bad(fmt::format("\"{}\" is not a duration: {}", key, json_quoted(*text)),
               "write a number with its unit, like \"750ms\" or \"10s\"");
  }
  return negative ? -*duration : *duration;
}

Result<std::int64_t> number_of(std::string_view key, element value, std::int64_t low,
                               std::int64_t high) {
  std::int64_t number = 0;
  if (value.get(number) != simdjson::SUCCESS || number < low || number > high) {
    return bad(fmt::format("\"{}\" is not a number in range", key),
               fmt::format("a whole number from {} to {}", low, high));
  }
  return number;
}

/// Puts the value into `into`, or hands on the error.
template <class T, class U>
Result<void> store(Result<T> value, U& into) {
  if (!value) return std::unexpected(std::move(value.error()));
  into = static_cast<U>(std::move(*value));
  return {};
}
template <class T>
Result<void> store(Result<T> value, std::optional<T>& into) {
  if (!value) return std::unexpected(std::move(value.error()));
  into = std::move(*value);
  return {};
}

Result<void> read_symbols(element value, FaultSpec& spec) {
  simdjson::dom::array array;
  if (value.get(array) != simdjson::SUCCESS) {
    return bad("\"symbols\" is not an array of strings", "like [\"BTCUSDT\",\"ETHUSDT\"]");
  }
  for (const element item : array) {
    auto text = text_of("symbols", item);
    if (!text) return std::unexpected(text.error());
    spec.symbols.push_back(std::move(*text));
  }
  return {};
}

Result<void> read_heals(element value, FaultSpec& spec) {
  const auto text = text_of("heals", value);
  if (!text) return std::unexpected(text.error());
  if (text->starts_with("after ")) {
    const auto duration = parse_duration(std::string_view{*text}.substr(6));
    if (duration) {
      spec.heals = Heals::after;
      spec.duration = *duration;
      return {};
    }
  }
  const auto at = std::find(heals_words.begin(), heals_words.end(), *text);
  if (at == heals_words.end()) {
    return bad(fmt::format("\"heals\" cannot be {}", json_quoted(*text)),
               "never, on_resubscribe, on_reconnect, or \"after 10s\"");
  }
  spec.heals = static_cast<Heals>(at - heals_words.begin());
  return {};
}

Result<void> read_price(element value, FaultSpec& spec) {
  const auto text = text_of("price", value);
  if (!text) return std::unexpected(text.error());
  spec.price = kind_from_text(*text);
  if (!spec.price) {
    return bad(fmt::format("\"price\" cannot be {}", json_quoted(*text)),
               "last, quote, mark, index");
  }
  return {};
}

Result<void> read_key(std::string_view key, element value, FaultSpec& spec) {
  if (key == "fault") return {};
  if (key == "symbol") {
    const auto text = text_of(key, value);
    if (!text) return std::unexpected(text.error());
    spec.symbols.push_back(*text);
    return {};
  }
  if (key == "symbols") return read_symbols(value, spec);
  if (key == "route") return store(text_of(key, value), spec.route);
  if (key == "heals") return read_heals(value, spec);
  if (key == "for") return store(duration_of(key, value), spec.duration);
  if (key == "at") return store(duration_of(key, value), spec.at);
  if (key == "delay") return store(duration_of(key, value), spec.delay);
  if (key == "offset") return store(duration_of(key, value, true), spec.offset);
  if (key == "retry_after") return store(duration_of(key, value), spec.retry_after);
  if (key == "window") return store(duration_of(key, value), spec.budget.window);
  if (key == "ban") return store(duration_of(key, value), spec.ban);
  if (key == "price") return read_price(value, spec);
  if (key == "code") return store(number_of(key, value, 1000, 4999), spec.code);
  if (key == "connections") {
    return store(number_of(key, value, 1, 1'000'000), spec.connections);
  }
  if (key == "limit") return store(number_of(key, value, 1, 1'000'000), spec.budget.count);
  return store(number_of(key, value, 400, 599), spec.status);
}

void set_defaults(FaultSpec& spec) {
  if (spec.heals == Heals::never && spec.duration) spec.heals = Heals::after;
  if (spec.kind == FaultKind::announce_close && spec.delay == Duration{}) spec.delay = 60s;
  if (spec.kind == FaultKind::rest_429) {
    spec.status = 429;
    if (!spec.retry_after) spec.retry_after = 30s;
  }
  if (spec.status != 0) return;
  if (spec.kind == FaultKind::handshake_status) spec.status = 403;
  if (spec.kind == FaultKind::rest_down) spec.status = 503;
  if (spec.kind == FaultKind::connect_budget) spec.status = 429;
}

Result<void> check_complete(const FaultSpec& spec) {
  const auto missing = [](std::string_view key, std::string_view fix) {
    return bad(fmt::format("\"{}\" is missing", key), std::string{fix});
  };
  if (spec.kind == FaultKind::silent_symbol && spec.symbols.empty()) {
    return missing("symbol", "like \"symbol\":\"BTCUSDT\"");
  }
  if (spec.kind == FaultKind::queue_delay && spec.delay == Duration{}) {
    return missing("delay", "like \"delay\":\"5s\"");
  }
  if (spec.kind == FaultKind::clock_offset && spec.offset == Duration{}) {
    return missing("offset", "like \"offset\":\"-2s\"");
  }
  if (spec.kind == FaultKind::connect_budget && spec.budget.count == 0) {
    return missing("limit", "like \"limit\":5,\"window\":\"60s\"");
  }
  if (spec.kind == FaultKind::connect_budget && spec.budget.window == Duration{}) {
    return missing("window", "like \"limit\":5,\"window\":\"60s\"");
  }
  if (spec.heals == Heals::after && !spec.duration) {
    return missing("for", "\"heals\":\"after 10s\", or \"for\":\"10s\" beside it");
  }
  return {};
}

Result<ControlCommand> parse_clear(simdjson::dom::object object, element value) {
  if (object.size() != 1) return bad("\"clear\" stands beside other keys", "send it alone");
  std::uint64_t id = 0;
  std::string_view word;
  if (value.get(id) == simdjson::SUCCESS && id > 0 && id <= UINT32_MAX) {
    return ClearFaults{FaultId{static_cast<std::uint32_t>(id)}};
  }
  if (value.get(word) == simdjson::SUCCESS && word == "all") return ClearFaults{};
  return bad("\"clear\" is neither \"all\" nor the id of a fault", "GET /control lists them");
}

Result<ControlCommand> parse_fault(simdjson::dom::object object, std::string_view word) {
  const auto at = std::find(fault_words.begin(), fault_words.end(), word);
  if (at == fault_words.end()) {
    return bad(fmt::format("there is no fault {}", json_quoted(word)),
               "one of " + list(fault_words));
  }
  FaultSpec spec{.kind = static_cast<FaultKind>(at - fault_words.begin())};
  const Words own = own_keys(spec.kind);
  for (const auto [key, value] : object) {
    const bool known =
        std::find(common_keys.begin(), common_keys.end(), key) != common_keys.end() ||
        std::find(own.begin(), own.end(), key) != own.end();
    if (!known) {
      std::string valid = list(common_keys);
      if (!own.empty()) valid += ", " + list(own);
      return bad(fmt::format("{} knows no key {}", word, json_quoted(key)), "one of " + valid);
    }
    if (auto done = read_key(key, value, spec); !done) return std::unexpected(done.error());
  }
  set_defaults(spec);
  if (auto complete = check_complete(spec); !complete) return std::unexpected(complete.error());
  return spec;
}

}  // namespace

Result<ControlCommand> parse_control(std::string_view json) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  const simdjson::padded_string padded{json};
  if (parser.parse(padded).get(object) != simdjson::SUCCESS) {
    return bad("not a JSON object",
               R"(like {"fault":"silent_symbol","symbol":"BTCUSDT","heals":"on_resubscribe"})");
  }
  element value;
  if (object["clear"].get(value) == simdjson::SUCCESS) return parse_clear(object, value);
  std::string_view word;
  if (object["fault"].get(word) != simdjson::SUCCESS) {
    return bad("\"fault\" is missing", "one of " + list(fault_words));
  }
  return parse_fault(object, word);
}

Result<void> check_fault(const FaultSpec& spec, const venues::VenueSide& side,
                         const Market& market) {
  const venues::VenueSheet& sheet = side.sheet();
  if (spec.kind == FaultKind::announce_close && side.encode_notice(WallTime{}).empty()) {
    return bad(fmt::format("{} announces no close", sheet.name), "close ends connections at once");
  }
  if (spec.kind == FaultKind::says_halted && side.encode_status(false, WallTime{}).empty()) {
    return bad(fmt::format("{} does not say whether it trades", sheet.name),
               "silent_all is what its clients notice");
  }
  std::vector<std::string_view> routes;
  for (const venues::ChannelSheet& channel : sheet.channels) {
    if (std::find(routes.begin(), routes.end(), channel.route) == routes.end()) {
      routes.push_back(channel.route);
    }
  }
  if (!spec.route.empty() && std::find(routes.begin(), routes.end(), spec.route) == routes.end()) {
    return bad(fmt::format("{} has no route {}", sheet.name, json_quoted(spec.route)),
               "one of " + list(routes));
  }
  for (const std::string& symbol : spec.symbols) {
    if (market.find(symbol)) continue;
    std::vector<std::string_view> some;
    for (std::size_t i = 0; i < std::min<std::size_t>(market.size(), 20); ++i) {
      some.push_back(market.at(i).symbol);
    }
    return bad(fmt::format("there is no symbol {} here", json_quoted(symbol)),
               (market.size() > 20 ? "among others " : "one of ") + list(some));
  }
  return {};
}

Result<std::vector<FaultSpec>> read_fault_file(const std::string& path) {
  std::ifstream file{path};
  if (!file) {
    return std::unexpected(Error{path, "cannot be read", "name a file with one fault a line"});
  }
  std::vector<FaultSpec> out;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    const auto first = line.find_first_not_of(" \t\r");
    if (first == std::string::npos || line[first] == '#') continue;
    const auto where = fmt::format("{}:{}", path, number);
    const auto command = parse_control(line);
    if (!command) return std::unexpected(Error{where, command.error().why, command.error().fix});
    const FaultSpec* spec = std::get_if<FaultSpec>(&*command);
    if (spec == nullptr) {
      return std::unexpected(
          Error{where, "\"clear\" has no meaning in a file", "give the fault a \"for\" instead"});
    }
    out.push_back(*spec);
  }
  return out;
}

}  // namespace feedwatch::exchange
