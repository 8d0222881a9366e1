#include "feedwatch/store/sqlite/json_text.hpp"

#include "feedwatch/base/utf8.hpp"
#include "feedwatch/store/sqlite/database.hpp"

namespace feedwatch::store {

bool is_json_object(std::string_view text) {
  // SQLite reads as far as the first NUL, and any bytes as characters.
  if (text.contains('\0') || !is_utf8(text)) return false;
  Database memory(":memory:", Database::Mode::create, Duration{});
  Statement question =
      memory.prepare("SELECT CASE WHEN json_valid(?1) THEN json_type(?1) = 'object' ELSE 0 END");
  return question.bind(text).step() && question.integer(0) == 1;
}

}  // namespace feedwatch::store
