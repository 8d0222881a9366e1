#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "feedwatch/base/error.hpp"
#include "feedwatch/base/time.hpp"

/// The configuration as values with the place each came from, before it means anything.
namespace feedwatch::config {

struct Table;  // schema.hpp

using Value = std::variant<std::string, bool, std::int64_t, Duration, std::vector<std::string>>;

/// Where a value was written.
struct Origin {
  enum class Source : std::uint8_t { built_in, file, environment, flag };
  Source source = Source::built_in;
  std::string name;  ///< of the file, the variable or the flag
  std::uint32_t line = 0, column = 0;

  /// "feedwatch.toml:3:5", "FEEDWATCH_API_LISTEN", "--set api.listen", "default".
  std::string text() const;
};

struct Setting {
  Value value;
  Origin origin;
  bool refused = false;  ///< already complained about; `value` only stands in
};

/// One table of the file: "[store]", or one "[[venue]]".
struct Section {
  const Table* table = nullptr;
  Origin origin;
  std::map<std::string, Setting, std::less<>> settings;

  const Setting* find(std::string_view key) const;
  /// Set to something usable.
  bool given(std::string_view key) const;
  /// Values by key; precondition: the schema gives the key that type. Absent: empty, false, zero.
  const std::string& text(std::string_view key) const;
  const std::vector<std::string>& list(std::string_view key) const;
  bool flag(std::string_view key) const;
  std::int64_t integer(std::string_view key) const;
  Duration duration(std::string_view key) const;
  /// Place of a key, of the section when the key is absent.
  const Origin& place(std::string_view key) const;
};

/// Every single table exactly once, and arrays of tables in the order written.
struct Document {
  std::vector<Section> sections;

  Section& single(std::string_view table);
  const Section& single(std::string_view table) const;
  std::vector<const Section*> all(std::string_view table) const;
};

/// Everything wrong so far; loading goes on to find the rest.
class Problems {
 public:
  /// `what` becomes "place: name".
  void add(const Origin& place, std::string_view name, std::string why, std::string fix);
  /// About a key of a section.
  void add(const Section& section, std::string_view key, std::string why, std::string fix);
  void add(Error error) { errors_.push_back({Origin{}, std::move(error)}); }
  /// What is no mistake, and yet somebody should know.
  void warn(const Section& section, std::string_view key, std::string why, std::string fix);
  bool empty() const { return errors_.empty(); }
  /// In the order of the file, what has no place last.
  std::vector<Error> take();
  std::vector<Error> take_warnings();

 private:
  struct Found {
    Origin place;
    Error error;
  };
  static std::vector<Error> in_order(std::vector<Found> found);

  std::vector<Found> errors_;
  std::vector<Found> warnings_;
};

/// "venue.streams", or the key alone at the top level; a key that is not a bare one is quoted.
std::string key_name(std::string_view table, std::string_view key);

}  // namespace feedwatch::config
