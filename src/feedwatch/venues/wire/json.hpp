#pragma once

#include <simdjson.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "feedwatch/base/ports/transport.hpp"
#include "feedwatch/base/time.hpp"

/// Reading venue JSON without trusting it: the parts every decoder shares. Included by sources of
/// `venues` only, because it exposes the parser.
namespace feedwatch::venues::wire {

namespace ondemand = simdjson::ondemand;

static_assert(frame_padding >= simdjson::SIMDJSON_PADDING, "the parser reads ahead of the frame");

/// One scalar as it stands in the frame, quotes included; empty = absent. Remembering the raw token
/// lets a decoder collect fields in any order and judge them once it knows what the message is.
struct Token {
  std::string_view text;
  bool twice = false;  ///< the key came more than once: which one holds is anybody's guess

  void set(std::string_view raw) {
    twice = present();
    text = raw;
  }
  bool present() const { return !text.empty(); }
  bool is_null() const { return text == "null"; }
  bool is_string() const;
  /// The characters between the quotes, escapes untouched; the token itself if it is no string.
  std::string_view inner() const;
};

/// The token of a scalar, or only the bracket of a container. Does not consume the value.
std::string_view raw_token(ondemand::value& value);

/// A number without sign, fraction or exponent, bare or in quotes; nullopt when it is anything
/// else.
std::optional<std::uint64_t> parse_unsigned(const Token& token);

/// Milliseconds since 1970, bare or in quotes; nullopt when not a time that nanoseconds can hold.
std::optional<WallTime> parse_millis(const Token& token);

/// RFC 3339 with any number of fraction digits, as a string; nullopt when not a time after 1970
/// that nanoseconds can hold.
std::optional<WallTime> parse_rfc3339(const Token& token);

/// The key's characters, in the document where there are no escapes, as nearly always.
inline simdjson::error_code key_of(ondemand::field& field, std::string_view& key) {
  const char* raw = field.key().raw();
  std::size_t size = 0;
  while (raw[size] != '"' && raw[size] != '\\') ++size;
  if (raw[size] == '\\') return field.unescaped_key().get(key);
  key = {raw, size};
  return simdjson::SUCCESS;
}

/// Calls `on_field(key, value)` for each member; stops at the first error, the callback's included.
template <class OnField>
simdjson::error_code for_each_field(ondemand::object& object, OnField&& on_field) {
  for (auto item : object) {
    ondemand::field field;
    if (const auto error = std::move(item).get(field)) return error;
    std::string_view key;
    if (const auto error = key_of(field, key)) return error;
    if (const auto error = on_field(key, field.value())) return error;
  }
  return simdjson::SUCCESS;
}

/// Calls `on_object(object)` for each member of a list; a member that is no object is an error.
template <class OnObject>
simdjson::error_code for_each_object(ondemand::value& list, OnObject&& on_object) {
  ondemand::array members;
  if (const auto error = list.get_array().get(members)) return error;
  for (auto item : members) {
    ondemand::value member;
    if (const auto error = std::move(item).get(member)) return error;
    ondemand::object object;
    if (const auto error = member.get_object().get(object)) return error;
    if (const auto error = on_object(object)) return error;
  }
  return simdjson::SUCCESS;
}

/// What reading a whole document came to.
enum class DocumentError : std::uint8_t { none, not_json, not_an_object };

/// One document at a time. Buffers grow to the largest document and stay. Not thread-safe.
class JsonReader {
 public:
  /// Reads a padded document whose root must be an object, and sees to it that nothing follows.
  template <class OnField>
  DocumentError read(std::string_view padded, OnField&& on_field) {
    used_ = 0;
    document_size_ = padded.size();
    const simdjson::padded_string_view view(padded.data(), padded.size(),
                                            padded.size() + frame_padding);
    ondemand::document document;
    if (parser_.iterate(view).get(document)) return DocumentError::not_json;
    ondemand::json_type type;
    if (document.type().get(type)) return DocumentError::not_json;
    if (type != ondemand::json_type::object) return DocumentError::not_an_object;
    ondemand::object object;
    if (document.get_object().get(object)) return DocumentError::not_json;
    if (for_each_field(object, on_field)) return DocumentError::not_json;
    const bool at_end = document.current_location().error() == simdjson::OUT_OF_BOUNDS;
    return at_end ? DocumentError::none : DocumentError::not_json;
  }

  /// The characters a string token means. The view points into the document, or, where there are
  /// escapes, into a buffer of this reader that the next read() reuses: it has room for every token
  /// of the document twice. nullopt when the token is no string or its escapes are wrong.
  std::optional<std::string_view> unescape(const Token& token);

 private:
  ondemand::parser parser_;
  std::unique_ptr<std::uint8_t[]> buffer_;
  std::size_t capacity_ = 0;
  std::size_t used_ = 0;
  std::size_t document_size_ = 0;
};

}  // namespace feedwatch::venues::wire
