#include "feedwatch/config/read_toml.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <optional>

#include "feedwatch/base/duration_text.hpp"
#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/config/nearest.hpp"
#include "feedwatch/config/schema.hpp"

namespace feedwatch::config {
namespace {

std::string_view needed(Type type) {
  switch (type) {
    case Type::text:
    case Type::word:
      return "text";
    case Type::boolean:
      return "true or false";
    case Type::integer:
      return "an integer";
    case Type::duration:
      return "a duration";
    case Type::list:
      return "a list of texts";
  }
  return "";
}

std::string_view kind_of(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "a list of something";
    case toml::node_type::string:
      return "text";
    case toml::node_type::integer:
      return "an integer";
    case toml::node_type::floating_point:
      return "a decimal number";
    case toml::node_type::boolean:
      return "true or false";
    default:
      return "a date or time";
  }
}

/// How a value of the type is written.
std::string_view example_of(Type type) {
  switch (type) {
    case Type::duration:
      return "write it as text with a unit, as in \"3s\"";
    case Type::text:
    case Type::word:
      return "write it in quotes";
    case Type::boolean:
      return "write true or false";
    case Type::integer:
      return "write a whole number without quotes";
    case Type::list:
      return "write a list of texts, as in [\"BTCUSDT/mark\"]";
  }
  return "";
}

std::optional<Value> list_of_texts(const toml::array& array) {
  std::vector<std::string> out;
  for (const toml::node& each : array) {
    const auto* text = each.as_string();
    if (text == nullptr) return std::nullopt;
    out.push_back(text->get());
  }
  return out;
}

/// The node as a value of the key's type; nullopt when it is of another type.
std::optional<Value> plain_value(const Key& key, const toml::node& node) {
  switch (key.type) {
    case Type::text:
    case Type::word:
      if (const auto* text = node.as_string()) return text->get();
      return std::nullopt;
    case Type::boolean:
      if (const auto* flag = node.as_boolean()) return flag->get();
      return std::nullopt;
    case Type::integer:
      if (const auto* number = node.as_integer()) return number->get();
      return std::nullopt;
    case Type::list:
      if (const auto* array = node.as_array()) return list_of_texts(*array);
      return std::nullopt;
    case Type::duration:
      return std::nullopt;
  }
  return std::nullopt;
}

class FileReader {
 public:
  FileReader(const std::string& file, Problems& problems) : file_(file), problems_(problems) {}

  Document read(const toml::table& root) {
    Document document = empty_document();
    for (const auto& [key, node] : root) read_top(document, key, node);
    return document;
  }

 private:
  Origin at(const toml::source_region& source) const {
    return {Origin::Source::file, file_, source.begin.line, source.begin.column};
  }

  void read_top(Document& document, const toml::key& key, const toml::node& node) {
    const Table* table = key.str().empty() ? nullptr : find_table(key.str());
    if (table == nullptr) {
      read_setting(document.single(""), key, node);
    } else if (!table->array) {
      read_single(document.single(table->name), key, node);
    } else {
      read_array(document, *table, key, node);
    }
  }

  void read_single(Section& section, const toml::key& key, const toml::node& node) {
    const toml::table* values = node.as_table();
    if (values == nullptr) {
      problems_.add(at(key.source()), key.str(), fmt::format("is a table, not {}", kind_of(node)),
                    fmt::format("write [{}] on a line of its own", key.str()));
      return;
    }
    section.origin = at(key.source());
    for (const auto& [name, value] : *values) read_setting(section, name, value);
  }

  void read_array(Document& document, const Table& table, const toml::key& key,
                  const toml::node& node) {
    const toml::array* elements = node.as_array();
    const bool tables =
        elements != nullptr &&
        std::ranges::all_of(*elements, [](const toml::node& each) { return each.is_table(); });
    if (!tables) {
      problems_.add(at(key.source()), key.str(), "may stand several times and needs two brackets",
                    fmt::format("write [[{}]]", key.str()));
      return;
    }
    for (const toml::node& each : *elements) {
      Section section{.table = &table, .origin = at(each.source()), .settings = {}};
      for (const auto& [name, value] : *each.as_table()) read_setting(section, name, value);
      document.sections.push_back(std::move(section));
    }
  }

  void read_setting(Section& section, const toml::key& name, const toml::node& node) {
    const Key* key = find_key(*section.table, name.str());
    const Origin place = at(name.source());
    const std::string shown = key_name(section.table->name, name.str());
    if (key == nullptr) {
      problems_.add(place, shown, "unknown key", suggest_key(*section.table, name.str()));
      return;
    }
    std::expected<Value, Complaint> value = value_of(*key, node);
    if (!value) {
      problems_.add(at(node.source()), shown, value.error().why, value.error().fix);
    }
    const bool refused = !value.has_value();
    section.settings.insert_or_assign(std::string(key->name),
                                      Setting{.value = value ? std::move(*value) : neutral(*key),
                                              .origin = at(node.source()),
                                              .refused = refused});
  }

  /// Stands in for a value that was refused, so that later checks see a set key.
  static Value neutral(const Key& key) {
    if (std::optional<Value> fallback = fallback_value(key)) return *fallback;
    switch (key.type) {
      case Type::boolean:
        return false;
      case Type::integer:
        return key.min;
      case Type::duration:
        return Duration{0};
      case Type::list:
        return std::vector<std::string>{};
      case Type::text:
      case Type::word:
        return std::string{};
    }
    return std::string{};
  }

  static std::expected<Value, Complaint> value_of(const Key& key, const toml::node& node) {
    if (key.type == Type::duration && node.is_string()) {
      return value_from_text(key, node.as_string()->get());
    }
    std::optional<Value> value = plain_value(key, node);
    if (!value) {
      return std::unexpected(
          Complaint{fmt::format("needs {}, not {}", needed(key.type), kind_of(node)),
                    std::string(example_of(key.type))});
    }
    if (std::optional<Complaint> complaint = check_value(key, *value)) {
      return std::unexpected(std::move(*complaint));
    }
    return std::move(*value);
  }

  /// At the top level a misspelt table looks like an unknown key.
  static std::string suggest_key(const Table& table, std::string_view name) {
    std::vector<std::string_view> valid;
    for (const Key& key : table.keys) valid.push_back(key.name);
    if (table.name.empty()) {
      for (const Table& each : schema()) {
        if (!each.name.empty()) valid.push_back(each.name);
      }
    }
    return suggest(name, valid);
  }

  const std::string& file_;
  Problems& problems_;
};

/// The parser's words, made ours where a reader would not know what to do.
Complaint explain(std::string_view description) {
  if (const std::size_t at = description.find("cannot redefine existing"); at != description.npos) {
    const std::size_t open = description.find('\'', at);
    const std::size_t end = description.rfind('\'');
    const bool named = open != description.npos && end > open;
    const std::string_view name = named ? description.substr(open + 1, end - open - 1) : "";
    return {"duplicate key " + json_quoted(name), "keep one of the two"};
  }
  const bool number = description.find("integer") != description.npos ||
                      description.find("floating-point") != description.npos;
  return {std::string(description), number ? "numbers with a unit go in quotes, as in \"3s\""
                                           : "correct the TOML at this place"};
}

}  // namespace

Document empty_document() {
  Document document;
  for (const Table& table : schema()) {
    if (!table.array) document.sections.push_back({.table = &table, .origin = {}, .settings = {}});
  }
  return document;
}

Document read_toml(std::string_view text, const std::string& file, Problems& problems) {
  try {
    const toml::table root = toml::parse(text, std::string_view(file));
    return FileReader(file, problems).read(root);
  } catch (const toml::parse_error& error) {
    Complaint complaint = explain(error.description());
    const Origin place{Origin::Source::file, file, error.source().begin.line,
                       error.source().begin.column};
    problems.add(place, "", std::move(complaint.why), std::move(complaint.fix));
    return empty_document();
  }
}

}  // namespace feedwatch::config
