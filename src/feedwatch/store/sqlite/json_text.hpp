#pragma once

#include <string_view>

namespace feedwatch::store {

/// Whether `text` is one JSON object and nothing else, by SQLite's own reader: what the database
/// holds as JSON is what its functions take for it. Any thread; for rare texts, it opens a
/// connection in memory.
bool is_json_object(std::string_view text);

}  // namespace feedwatch::store
