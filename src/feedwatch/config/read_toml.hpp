#pragma once

#include <string>
#include <string_view>

#include "feedwatch/config/document.hpp"

namespace feedwatch::config {

/// Reads the text of a configuration file: every value checked against the schema, every mistake
/// reported with its place under `file`. A text that is no TOML yields the parser's one complaint.
/// Any bytes are safe. Defaults are not filled in.
Document read_toml(std::string_view text, const std::string& file, Problems& problems);

/// A document with every single table, empty.
Document empty_document();

}  // namespace feedwatch::config
