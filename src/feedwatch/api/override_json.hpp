#pragma once

#include "feedwatch/base/error.hpp"
#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/protect/rule_overrides.hpp"

#include <simdjson.h>

/// What a position wants of its rules as JSON, and back: null (the configuration's), false, true,
/// or an object of its numbers, steps as a list of "profit:callback". Pure.
namespace feedwatch::api {

/// Into `out`, which stays absent for null. The error names the field, as in
/// "trailing.callback_percent".
Result<void> read_override(simdjson::ondemand::value value, std::optional<TrailingOverride>& out);
Result<void> read_override(simdjson::ondemand::value value, std::optional<AgedOverride>& out);

/// One value, after its key.
void write_override(JsonWriter& json, const std::optional<TrailingOverride>& of);
void write_override(JsonWriter& json, const std::optional<AgedOverride>& of);

/// A text, or the characters of a number; nothing of any other value.
std::optional<std::string> words_of(simdjson::ondemand::value value);

}  // namespace feedwatch::api
