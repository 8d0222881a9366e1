#pragma once

#include <expected>
#include <optional>
#include <string_view>

#include "feedwatch/base/decimal.hpp"
#include "feedwatch/venues/venue.hpp"
#include "feedwatch/venues/wire/json.hpp"

namespace feedwatch::venues::wire {

/// A message that cannot be read, before anything is known of whom it concerns.
inline std::unexpected<DecodeError> undecodable(DecodeErrorCode code, std::string_view field = {}) {
  return std::unexpected(DecodeError{code, field, {}});
}

/// Turns tokens into values and keeps the first thing that was wrong. Every read answers whether it
/// succeeded; after a false, error() says why. Lives for one message, on the stack.
class FieldReader {
 public:
  /// Stands in errors from here on; the symbol must outlive the error.
  void about(std::string_view symbol, Kind kind) {
    error_.symbol = symbol;
    error_.kind = kind;
  }

  /// A required price, a string or a number, exactly as sent.
  bool price(const Token& token, std::string_view field, Decimal& out, std::string_view& text);
  /// A price that a venue may not have: absent, null, empty or zero. `out` and `text` then stay as
  /// they are.
  bool price_if_any(const Token& token, std::string_view field, Decimal& out,
                    std::string_view& text);
  /// An optional time in milliseconds.
  bool time(const Token& token, std::string_view field, std::optional<WallTime>& out);
  /// An optional time in RFC 3339.
  bool rfc3339(const Token& token, std::string_view field, std::optional<WallTime>& out);
  /// An optional unsigned number.
  bool number(const Token& token, std::string_view field, std::optional<std::uint64_t>& out);
  /// A required string that is not empty, unescaped by `reader`.
  bool text(JsonReader& reader, const Token& token, std::string_view field, std::string_view& out);

  bool fail(DecodeErrorCode code, std::string_view field) {
    error_.code = code;
    error_.field = field;
    return false;
  }
  const DecodeError& error() const { return error_; }

 private:
  bool once(const Token& token, std::string_view field) {
    return !token.twice || fail(DecodeErrorCode::bad_value, field);
  }

  DecodeError error_;
};

}  // namespace feedwatch::venues::wire
