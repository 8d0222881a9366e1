#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "feedwatch/base/error.hpp"
#include "feedwatch/config/document.hpp"

namespace feedwatch::config {

enum class Type : std::uint8_t { text, word, boolean, integer, duration, list };
std::string_view to_text(Type type);

/// One key: all that parsing, validation, defaults, printing and the documentation need to know.
struct Key {
  std::string_view name;
  Type type = Type::text;
  std::string_view fallback = {};  ///< TOML text of the default; empty = none
  bool required = false;
  bool secret = false;                           ///< never printed
  bool zero = false;                             ///< duration: zero is allowed
  std::span<const std::string_view> words = {};  ///< word only: the allowed ones
  std::int64_t min = 0;                          ///< integer: smallest
  std::int64_t max = 0;                          ///< integer: largest
  std::string_view help = {};                    ///< one sentence or two
  bool restart = false;                          ///< a running monitor cannot take another value
};

struct Table {
  std::string_view name;  ///< empty = the top level
  bool array = false;     ///< [[name]]
  std::string_view help;
  std::span<const Key> keys;
  bool restart = false;  ///< so it is with all of its keys
};

std::span<const Table> schema();
const Table* find_table(std::string_view name);
const Key* find_key(const Table& table, std::string_view name);

/// "FEEDWATCH_STORE_URL": the variable of a key of a single table.
std::string environment_name(const Table& table, const Key& key);

/// What is wrong with a value, and what to do.
struct Complaint {
  std::string why;
  std::string fix;
};

/// Bounds, words, zero durations.
std::optional<Complaint> check_value(const Key& key, const Value& value);
/// A value written as plain text (environment, flags): lists by commas, the rest as in the file
/// without quotes. Checked.
std::expected<Value, Complaint> value_from_text(const Key& key, std::string_view text);

/// The default of a key as a value, if it has one.
std::optional<Value> fallback_value(const Key& key);

/// docs/reference/configuration.md, and the JSON schema (draft 2020-12) of the file.
std::string reference_markdown();
std::string json_schema();

}  // namespace feedwatch::config
