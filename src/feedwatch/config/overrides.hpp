#pragma once

#include "feedwatch/config/config.hpp"

namespace feedwatch::config {

/// The value of a variable, if it is set and not empty.
std::optional<std::string> variable(const Variables& variables, std::string_view name);

/// Puts FEEDWATCH_* variables over the document. One that begins like a table of ours
/// ("FEEDWATCH_STORE_…") and is no key is a mistake; others may belong to somebody else.
void apply_environment(Document& document, const Variables& environment, Problems& problems);

/// Puts "table.key" flags over the document.
void apply_flags(Document& document, const Variables& flags, Problems& problems);

/// Fills what is not set with the schema's defaults.
void apply_defaults(Document& document);

}  // namespace feedwatch::config
