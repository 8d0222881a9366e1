#include "feedwatch/api/override_json.hpp"

namespace feedwatch::api {
namespace {

using simdjson::SUCCESS;
namespace ondemand = simdjson::ondemand;

constexpr const char* name_of(const TrailingOverride& /*of*/) {
  return "trailing";
}
constexpr const char* name_of(const AgedOverride& /*of*/) {
  return "aged";
}

/// A list of texts as one, which is how steps are read.
std::optional<std::string> joined(ondemand::value value) {
  ondemand::array list;
  if (value.get_array().get(list) != SUCCESS) return std::nullopt;
  std::string words;
  for (auto element : list) {
    ondemand::value each;
    if (element.get(each) != SUCCESS) return std::nullopt;
    const auto word = words_of(each);
    if (!word) return std::nullopt;
    words += (words.empty() ? "" : ",") + *word;
  }
  return words;
}

template <class Override>
Result<void> read_numbers(ondemand::object object, Override& of) {
  for (auto member : object) {
    std::string_view key;
    ondemand::value value;
    ondemand::json_type type{};
    if (member.unescaped_key().get(key) != SUCCESS || member.value().get(value) != SUCCESS ||
        value.type().get(type) != SUCCESS) {
      return std::unexpected(Error{name_of(of), "is no JSON object", ""});
    }
    const std::string name(key);
    const auto words = type == ondemand::json_type::array ? joined(value) : words_of(value);
    if (!words) {
      return std::unexpected(
          Error{std::string(name_of(of)) + "." + name, "must be a text, a number or a list", ""});
    }
    if (Result<void> done = set_number(of, name, *words); !done) return done;
  }
  return {};
}

template <class Override>
Result<void> read(ondemand::value value, std::optional<Override>& out) {
  out.reset();
  ondemand::json_type type{};
  if (value.type().get(type) == SUCCESS && type == ondemand::json_type::null) return {};
  Override of;
  ondemand::object object;
  if (type == ondemand::json_type::boolean && value.get_bool().get(of.enabled) == SUCCESS) {
    out = of;
    return {};
  }
  if (type != ondemand::json_type::object || value.get_object().get(object) != SUCCESS) {
    return std::unexpected(Error{name_of(of), "must be false, true or an object",
                                 "leave it out for the configuration's"});
  }
  if (Result<void> done = read_numbers(object, of); !done) return done;
  out = std::move(of);
  return {};
}

void write(JsonWriter& json, const std::vector<TrailingStep>& steps) {
  json.begin_array();
  for (const TrailingStep& step : steps) json.string(text_of({step}));
  json.end_array();
}
template <class Number>
void write(JsonWriter& json, const Number& number) {
  json.string(text_of(number));
}

template <class Override>
void write_rule(JsonWriter& json, const std::optional<Override>& of) {
  if (!of) {
    json.null();
    return;
  }
  if (!of->enabled) {
    json.boolean(false);
    return;
  }
  json.begin_object();
  for_each_number(*of, [&](std::string_view name, const auto& number) {
    if (!number) return;
    json.key(name);
    write(json, *number);
  });
  json.end_object();
}

}  // namespace

std::optional<std::string> words_of(ondemand::value value) {
  std::string_view text;
  ondemand::json_type type{};
  if (value.type().get(type) != SUCCESS) return std::nullopt;
  if (type == ondemand::json_type::string) {
    if (value.get_string().get(text) != SUCCESS) return std::nullopt;
    return std::string(text);
  }
  if (type != ondemand::json_type::number) return std::nullopt;
  text = value.raw_json_token();
  while (!text.empty() && (text.back() == ' ' || text.back() == '\n' || text.back() == '\r' ||
                           text.back() == '\t')) {
    text.remove_suffix(1);
  }
  return std::string(text);
}

Result<void> read_override(ondemand::value value, std::optional<TrailingOverride>& out) {
  return read(value, out);
}
Result<void> read_override(ondemand::value value, std::optional<AgedOverride>& out) {
  return read(value, out);
}
void write_override(JsonWriter& json, const std::optional<TrailingOverride>& of) {
  write_rule(json, of);
}
void write_override(JsonWriter& json, const std::optional<AgedOverride>& of) {
  write_rule(json, of);
}

}  // namespace feedwatch::api
