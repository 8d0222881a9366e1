#include "feedwatch/signals/message.hpp"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>

#include <fmt/format.h>

#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/base/time_text.hpp"

namespace feedwatch::signals {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

constexpr std::size_t max_symbol = 64;

/// At most so many bytes, and no half of a character.
std::string cut(std::string_view text, std::size_t most) {
  if (text.size() <= most) return std::string(text);
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0U) == 0x80U) --most;
  return std::string(text.substr(0, most));
}

MessageType type_of(std::string_view word) {
  // What is behind `error` are our own words.
  const auto known = std::span(message_type_words).first(10);
  const auto found = std::ranges::find(known, word);
  return found == known.end() ? MessageType::unknown
                              : static_cast<MessageType>(found - known.begin());
}

std::optional<element> first_of(const object& from, std::span<const std::string_view> keys) {
  for (const std::string_view key : keys) {
    element found;
    if (from[key].get(found) == simdjson::SUCCESS && !found.is_null()) return found;
  }
  return std::nullopt;
}

/// Seconds, milliseconds, microseconds or nanoseconds: their present values are decades apart.
std::optional<WallTime> time_of_number(double number) {
  constexpr double year_2001 = 1e9, year_2200 = 7.3e9;
  for (const double unit : {1e9, 1e6, 1e3, 1.0}) {  // nanoseconds of one
    const double seconds = number * unit / 1e9;
    if (seconds >= year_2001 && seconds < year_2200) {
      return wall_from_ns(std::llround(number * unit));
    }
  }
  return std::nullopt;
}

/// False: nobody can read it. A time of day without its zone is none: it may be hours off.
bool read_time(const element& value, std::optional<WallTime>& at) {
  double number = 0;
  std::string_view text;
  if (value.get(number) == simdjson::SUCCESS) {
    at = time_of_number(number);
    return at.has_value();
  }
  if (value.get(text) != simdjson::SUCCESS) return false;
  if (const auto zoned = parse_time(text)) {
    at = *zoned;
    return true;
  }
  if (parse_time(std::string(text) + "Z")) return true;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return false;
  at = time_of_number(number);
  return at.has_value();
}

std::expected<Signal, std::string> read_signal(const object& from) {
  constexpr std::array<std::string_view, 3> id_keys{"id", "signal_id", "uuid"};
  constexpr std::array<std::string_view, 4> time_keys{"timestamp", "created_at", "time", "ts"};
  Signal signal;
  const auto id = first_of(from, id_keys);
  const auto time = first_of(from, time_keys);
  std::string name;
  if (id) name += simdjson::minify(*id);
  if (time) {
    if (!read_time(*time, signal.at)) {
      return std::unexpected("its time cannot be read: " + cut(simdjson::minify(*time), 64));
    }
    name += '@' + simdjson::minify(*time);
  }
  std::string_view symbol;
  if (from["symbol"].get(symbol) == simdjson::SUCCESS) signal.symbol = cut(symbol, max_symbol);
  signal.named = !name.empty();
  signal.key = std::hash<std::string>{}(signal.named ? name + '@' + signal.symbol
                                                     : std::string(simdjson::minify(from)));
  return signal;
}

std::optional<std::string> read_one(const object& from, Message& message) {
  constexpr std::array<std::string_view, 2> places{"data", "signal"};
  constexpr std::array<std::string_view, 4> marks{"symbol", "id", "signal_id", "uuid"};
  object body = from;
  if (const auto inner = first_of(from, places)) {
    if (inner->get(body) != simdjson::SUCCESS) return "its signal is no object";
  } else if (!first_of(from, marks)) {
    return "it holds no signal";
  }
  auto signal = read_signal(body);
  if (!signal) return signal.error();
  message.signals.push_back(std::move(*signal));
  return std::nullopt;
}

std::optional<std::string> read_list(const object& from, Message& message) {
  constexpr std::array<std::string_view, 2> places{"data", "signals"};
  const auto list = first_of(from, places);
  array elements;
  if (!list || list->get(elements) != simdjson::SUCCESS) return "it holds no list of signals";
  for (const element entry : elements) {
    if (message.signals.size() == max_signals) break;
    object body;
    if (entry.get(body) != simdjson::SUCCESS) return "one of its signals is no object";
    auto signal = read_signal(body);
    if (!signal) return signal.error();
    message.signals.push_back(std::move(*signal));
  }
  return std::nullopt;
}

std::string words_of(const object& from) {
  constexpr std::array<std::string_view, 3> keys{"message", "error", "reason"};
  const auto found = first_of(from, keys);
  std::string_view words;
  if (!found || found->get(words) != simdjson::SUCCESS) return {};
  return cut(words, max_words);
}

/// Fields of the protocol with heartbeats that the older one does not have.
bool announces_heartbeats(const object& from) {
  constexpr std::array<std::string_view, 3> keys{"strategy", "filters", "heartbeat_interval"};
  return std::ranges::any_of(
      keys, [&](std::string_view key) { return from[key].error() == simdjson::SUCCESS; });
}

}  // namespace

Decoded decode(std::string_view payload) {
  if (payload.size() > max_message) {
    return std::unexpected(Unreadable{.why = "it is too large"});
  }
  simdjson::dom::parser parser;
  object from;
  std::string_view word;
  if (parser.parse(payload.data(), payload.size()).get(from) != simdjson::SUCCESS) {
    return std::unexpected(Unreadable{.why = "it is no JSON object"});
  }
  if (from["type"].get(word) != simdjson::SUCCESS) {
    return std::unexpected(Unreadable{.why = "it does not say of which type it is"});
  }
  Message message{.type = type_of(word), .text = {}, .signals = {}};
  std::optional<std::string> wrong;
  switch (message.type) {
    case MessageType::auth_success:
      message.announces_heartbeats = announces_heartbeats(from);
      break;
    case MessageType::auth_failed:
    case MessageType::error:
      message.text = words_of(from);
      break;
    case MessageType::signal:
      wrong = read_one(from, message);
      break;
    case MessageType::snapshot:
      message.announces_heartbeats = true;
      wrong = read_list(from, message);
      break;
    case MessageType::signals:
      wrong = read_list(from, message);
      break;
    case MessageType::heartbeat:
      message.announces_heartbeats = true;
      break;
    case MessageType::unknown:
      message.text = cut(word, max_words);
      break;
    case MessageType::auth_required:
    case MessageType::pong:
    case MessageType::stats:
    case MessageType::unreadable:
      break;
  }
  if (wrong) return std::unexpected(Unreadable{.type = message.type, .why = std::move(*wrong)});
  return message;
}

std::string auth_request(std::string_view token) {
  std::string out;
  JsonWriter(out).begin_object().field("type", "auth").field("token", token).end_object();
  return out;
}

std::string signals_request() {
  return R"({"type":"get_signals"})";
}

}  // namespace feedwatch::signals
