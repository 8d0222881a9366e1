#pragma once

#include <string_view>

namespace feedwatch {

/// Whether `text` is one JSON object and nothing else (RFC 8259, UTF-8), nested at most 64 deep.
/// For text that is passed on as it is: parsers of documents have their own place.
bool is_json_object(std::string_view text);

}  // namespace feedwatch
