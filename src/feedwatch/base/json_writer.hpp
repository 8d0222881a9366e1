#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace feedwatch {

/// Writes JSON into a string, front to back, compact, without a tree in between.
///
///     JsonWriter json(out);
///     json.begin_object().field("stream", key.text()).field("age_seconds", age).end_object();
///
/// Commas are the writer's business, nesting is the caller's: every begin needs its end, and every
/// value inside an object its key. Borrows `out`, appends only. Not thread-safe: one per owner.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }

  JsonWriter& key(std::string_view name);

  /// Escapes what JSON demands and what a terminal would obey (is_control()); each ill-formed UTF-8
  /// subpart becomes one U+FFFD.
  JsonWriter& string(std::string_view text);
  JsonWriter& integer(std::int64_t number);
  JsonWriter& unsigned_integer(std::uint64_t number);
  /// Shortest text that reads back as the same double; null for NaN and the infinities.
  JsonWriter& number(double number);
  JsonWriter& boolean(bool yes);
  JsonWriter& null();
  /// `token` must be one complete JSON value, e.g. a price as the venue sent it.
  JsonWriter& raw(std::string_view token);

  /// Only a real bool: a pointer must not become one.
  JsonWriter& value(std::same_as<bool> auto yes) { return boolean(yes); }
  JsonWriter& value(std::string_view text) { return string(text); }
  JsonWriter& value(const std::string& text) { return string(text); }
  JsonWriter& value(const char* text) { return string(text); }
  JsonWriter& value(std::signed_integral auto n) { return integer(n); }
  template <std::unsigned_integral T>
    requires(!std::same_as<T, bool>)
  JsonWriter& value(T n) {
    return unsigned_integer(n);
  }
  JsonWriter& value(std::floating_point auto n) { return number(static_cast<double>(n)); }
  JsonWriter& value(std::nullopt_t) { return null(); }
  /// An absent optional is null.
  template <class T>
  JsonWriter& value(const std::optional<T>& maybe) {
    return maybe ? value(*maybe) : null();
  }

  /// One member of an object.
  template <class T>
  JsonWriter& field(std::string_view name, const T& v) {
    return key(name).value(v);
  }

 private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  void separate();

  std::string& out_;
  bool comma_ = false;  ///< the next key or value follows a sibling
};

/// Appends `text` as one JSON string with its quotes.
void append_json_string(std::string& out, std::string_view text);

/// The same as a value: for JSON, and for showing a person text that somebody else wrote, because
/// nothing in it moves a terminal.
std::string json_quoted(std::string_view text);

}  // namespace feedwatch
