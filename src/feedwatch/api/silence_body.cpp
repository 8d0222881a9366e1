#include "feedwatch/api/silence_body.hpp"

#include <simdjson.h>

#include <fmt/format.h>

#include <utility>

#include "feedwatch/base/duration_text.hpp"
#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/base/saturate.hpp"
#include "feedwatch/base/time_text.hpp"

namespace feedwatch::api {
namespace {

using muting::Matcher;
using simdjson::SUCCESS;
using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

Error wrong(std::string why, std::string fix) {
  return {.what = "body", .why = std::move(why), .fix = std::move(fix)};
}

Error no_text(std::string_view key) {
  return wrong(fmt::format("'{}' must be a string", key), "see docs/reference/http.md");
}

Matcher::Type type_of(bool is_regex, bool is_equal) {
  if (is_regex) return is_equal ? Matcher::Type::matches : Matcher::Type::not_matches;
  return is_equal ? Matcher::Type::equal : Matcher::Type::not_equal;
}

Result<Matcher> matcher_of(const element& item) {
  std::string_view text;
  if (item.get(text) == SUCCESS) return Matcher::parse(text);
  object fields;
  if (item.get(fields) != SUCCESS) {
    return std::unexpected(wrong("a matcher is neither an object nor a text",
                                 R"(send {"name": "venue", "value": "v"})"));
  }
  std::string name, value;
  bool is_regex = false, is_equal = true;
  for (const auto [key, member] : fields) {
    const bool is_text = key == "name" || key == "value";
    const bool is_flag = key == "isRegex" || key == "isEqual";
    bool flag = false;
    if (is_text && member.get(text) == SUCCESS) {
      (key == "name" ? name : value) = text;
    } else if (is_flag && member.get(flag) == SUCCESS) {
      (key == "isRegex" ? is_regex : is_equal) = flag;
    } else {
      return std::unexpected(wrong(
          fmt::format("'{}' of a matcher is {}", key, is_text || is_flag ? "ill-typed" : "unknown"),
          "send name, value (texts), isRegex, isEqual (true or false)"));
    }
  }
  return Matcher::make(std::move(name), type_of(is_regex, is_equal), std::move(value));
}

Result<muting::Matchers> matchers_of(const element& list) {
  array items;
  if (list.get(items) != SUCCESS) {
    return std::unexpected(
        wrong("'matchers' must be a list", R"(send [{"name": "venue", "value": "v"}])"));
  }
  muting::Matchers matchers;
  for (const element item : items) {
    Result<Matcher> one = matcher_of(item);
    if (!one) return std::unexpected(one.error());
    matchers.push_back(std::move(*one));
  }
  return matchers;
}

/// Takes a body's members, one after the other.
class SilenceReader {
 public:
  Result<void> take(std::string_view key, const element& value) {
    if (key == "matchers") {
      auto matchers = matchers_of(value);
      if (!matchers) return std::unexpected(matchers.error());
      silence.matchers = std::move(*matchers);
      return {};
    }
    // What Alertmanager shows of a silence may be sent back as it is.
    if (key == "status" || key == "updatedAt" || key == "annotations") return {};
    std::string_view text;
    if (value.get(text) != SUCCESS) return std::unexpected(no_text(key));
    return take_text(key, text);
  }

  muting::Silence silence;
  std::optional<Duration> length;

 private:
  Result<void> take_text(std::string_view key, std::string_view text) {
    if (key == "id") {
      silence.id = text;
    } else if (key == "createdBy") {
      silence.created_by = text;
    } else if (key == "comment") {
      silence.comment = text;
    } else if (key == "startsAt" || key == "endsAt") {
      const Result<WallTime> time = parse_time(text);
      if (!time) {
        return std::unexpected(wrong(fmt::format("{}: {}", key, time.error().why),
                                     "write it as in 2026-11-27T12:00:00Z"));
      }
      (key == "startsAt" ? silence.starts_at : silence.ends_at) = *time;
    } else if (key == "for") {
      const Result<Duration> time = parse_duration(text);
      if (!time) return std::unexpected(wrong("for: " + time.error().text(), "write it as in 2h"));
      length = *time;
    } else {
      return std::unexpected(
          wrong(fmt::format("unknown key '{}'", key),
                "send matchers, endsAt or for, createdBy, comment, and if wanted startsAt and id"));
    }
    return {};
  }
};

bool read_object(simdjson::dom::parser& parser, std::string_view body, object& out) {
  return parser.parse(simdjson::padded_string(body)).get(out) == SUCCESS;
}

}  // namespace

Result<muting::Silence> parse_silence(std::string_view body, WallTime now) {
  simdjson::dom::parser parser;
  object root;
  if (!read_object(parser, body, root)) {
    return std::unexpected(wrong("is not a JSON object", "see docs/reference/http.md"));
  }
  SilenceReader reader;
  for (const auto [key, value] : root) {
    if (auto taken = reader.take(key, value); !taken) return std::unexpected(taken.error());
  }
  muting::Silence& silence = reader.silence;
  const bool has_end = silence.ends_at != WallTime{};
  if (has_end == reader.length.has_value()) {
    return std::unexpected(wrong(has_end ? "'for' stands beside 'endsAt'" : "'endsAt' is missing",
                                 R"(send "endsAt": a time, or "for": "2h")"));
  }
  if (reader.length) {
    silence.ends_at = plus(std::max(silence.starts_at, now), *reader.length);
  }
  return std::move(silence);
}

Result<muting::Silence> silence_of(const SilenceRow& row) {
  simdjson::dom::parser parser;
  element list;
  if (parser.parse(simdjson::padded_string(row.matchers)).get(list) != SUCCESS) {
    return std::unexpected(Error{"silence " + row.id, "its matchers cannot be read", ""});
  }
  auto matchers = matchers_of(list);
  if (!matchers) return std::unexpected(Error{"silence " + row.id, matchers.error().text(), ""});
  muting::Silence silence;
  silence.id = row.id;
  silence.matchers = std::move(*matchers);
  silence.starts_at = row.starts_at;
  silence.ends_at = row.ends_at;
  silence.created_by = row.created_by;
  silence.comment = row.comment;
  silence.created_at = row.created_at;
  silence.updated_at = row.updated_at;
  return silence;
}

std::string silence_json(const muting::Silence& silence, WallTime now) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("id", silence.id);
  json.key("status").begin_object().field("state", to_text(silence.state_at(now))).end_object();
  json.key("matchers").raw(muting::json_of(silence.matchers));
  json.field("startsAt", format_time(silence.starts_at))
      .field("endsAt", format_time(silence.ends_at))
      .field("updatedAt", format_time(silence.updated_at))
      .field("createdBy", silence.created_by)
      .field("comment", silence.comment)
      .end_object();
  return out;
}

Result<AckBody> parse_ack(std::string_view body) {
  constexpr const char* form = R"(send {"by": "ann", "comment": "on it"})";
  simdjson::dom::parser parser;
  object root;
  if (!read_object(parser, body, root)) {
    return std::unexpected(wrong("is not a JSON object", form));
  }
  AckBody ack;
  for (const auto [key, value] : root) {
    std::string_view text;
    if (key != "by" && key != "comment") {
      return std::unexpected(wrong(fmt::format("unknown key '{}'", key), form));
    }
    if (value.get(text) != SUCCESS) return std::unexpected(no_text(key));
    (key == "by" ? ack.by : ack.comment) = text;
  }
  return ack;
}

}  // namespace feedwatch::api
