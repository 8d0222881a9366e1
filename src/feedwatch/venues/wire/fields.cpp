#include "feedwatch/venues/wire/fields.hpp"

namespace feedwatch::venues::wire {

bool FieldReader::price(const Token& token, std::string_view field, Decimal& out,
                        std::string_view& text) {
  if (!token.present()) return fail(DecodeErrorCode::missing_field, field);
  if (!once(token, field)) return false;
  const auto value = Decimal::parse(token.inner());
  if (!value) return fail(DecodeErrorCode::bad_price, field);
  out = *value;
  text = token.inner();
  return true;
}

bool FieldReader::price_if_any(const Token& token, std::string_view field, Decimal& out,
                               std::string_view& text) {
  const bool none = !token.present() || token.is_null() || token.inner().empty();
  if (none) return once(token, field);
  Decimal value;
  std::string_view characters;
  if (!price(token, field, value, characters)) return false;
  if (value.is_zero()) return true;
  out = value;
  text = characters;
  return true;
}

bool FieldReader::time(const Token& token, std::string_view field, std::optional<WallTime>& out) {
  if (!token.present()) return true;
  if (!once(token, field)) return false;
  out = parse_millis(token);
  return out.has_value() || fail(DecodeErrorCode::bad_value, field);
}

bool FieldReader::rfc3339(const Token& token, std::string_view field,
                          std::optional<WallTime>& out) {
  if (!token.present()) return true;
  if (!once(token, field)) return false;
  out = parse_rfc3339(token);
  return out.has_value() || fail(DecodeErrorCode::bad_value, field);
}

bool FieldReader::number(const Token& token, std::string_view field,
                         std::optional<std::uint64_t>& out) {
  if (!token.present()) return true;
  if (!once(token, field)) return false;
  out = parse_unsigned(token);
  return out.has_value() || fail(DecodeErrorCode::bad_value, field);
}

bool FieldReader::text(JsonReader& reader, const Token& token, std::string_view field,
                       std::string_view& out) {
  if (!token.present()) return fail(DecodeErrorCode::missing_field, field);
  if (!once(token, field)) return false;
  const auto unescaped = reader.unescape(token);
  if (!unescaped || unescaped->empty()) return fail(DecodeErrorCode::bad_value, field);
  out = *unescaped;
  return true;
}

}  // namespace feedwatch::venues::wire
