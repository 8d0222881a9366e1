#include "feedwatch/venues/wire/book_side.hpp"

namespace feedwatch::venues::wire {

simdjson::error_code BookSide::collect(ondemand::value& value) {
  list.set(raw_token(value));
  if (list.text != "[") return simdjson::SUCCESS;
  ondemand::array levels;
  if (const auto error = value.get_array().get(levels)) return error;
  for (auto item : levels) {
    ondemand::value level;
    if (const auto error = std::move(item).get(level)) return error;
    if (price.present() || raw_token(level) != "[") continue;
    ondemand::array parts;
    if (const auto error = level.get_array().get(parts)) return error;
    for (auto part : parts) {
      ondemand::value element;
      if (const auto error = std::move(part).get(element)) return error;
      if (!price.present()) price.set(raw_token(element));
    }
  }
  return simdjson::SUCCESS;
}

bool BookSide::check(FieldReader& fields, std::string_view name) const {
  if (!list.present()) return fields.fail(DecodeErrorCode::missing_field, name);
  return (list.text == "[" && !list.twice) || fields.fail(DecodeErrorCode::bad_value, name);
}

}  // namespace feedwatch::venues::wire
