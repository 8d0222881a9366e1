#include "tests/bench/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "feedwatch/base/json_writer.hpp"

namespace feedwatch::bench {
namespace {

constexpr std::size_t columns = 6;
using Cells = std::array<std::string, columns>;

std::string number(double value) {
  if (value >= 100) return fmt::format("{:.0f}", value);
  if (value >= 10) return fmt::format("{:.1f}", value);
  return fmt::format("{:.2f}", value);
}

std::string with_unit(const std::optional<double>& value, const char* unit) {
  if (!value) return "–";
  const std::string text = number(*value);
  return *unit == '\0' ? text : text + " " + unit;
}

/// A ratio carries no unit of its own.
std::string target_text(const Row& row) {
  if (!row.figure.target) return "–";
  const Target& target = *row.figure.target;
  const bool ratio = row.ratio.has_value();
  std::string text = target.sense == Target::Sense::at_most ? "≤ " : "≥ ";
  text += fmt::format("{}", target.value);
  if (ratio) return text + " ×";
  return *row.figure.unit == '\0' ? text : text + " " + row.figure.unit;
}

std::string met_text(const Row& row) {
  if (!row.error.empty()) return row.error;
  const auto met = row.met();
  if (!met) return "–";
  return *met ? "yes" : "no";
}

Cells cells(const Row& row) {
  return {row.figure.what,
          with_unit(row.bare, row.figure.unit),
          with_unit(row.product, row.figure.unit),
          row.ratio ? number(*row.ratio) : "–",
          target_text(row),
          met_text(row)};
}

std::vector<Cells> all_cells(const std::vector<Row>& rows) {
  std::vector<Cells> all{{"what", "bare", "product", "ratio", "target", "met"}};
  for (const Row& row : rows) all.push_back(cells(row));
  return all;
}

/// Characters, not bytes: every UTF-8 byte but those that continue one.
std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;
  }));
}

}  // namespace

std::optional<bool> Row::met() const {
  const auto value = judged();
  if (!figure.target || !value) return std::nullopt;
  return figure.target->met(*value);
}

std::string as_text(const std::vector<Row>& rows) {
  const std::vector<Cells> all = all_cells(rows);
  std::array<std::size_t, columns> widths{};
  for (const Cells& line : all) {
    for (std::size_t i = 0; i < columns; ++i) widths[i] = std::max(widths[i], width(line[i]));
  }
  std::string text;
  for (const Cells& line : all) {
    for (std::size_t i = 0; i < columns; ++i) {
      const std::string gap(widths[i] - width(line[i]), ' ');
      // Words to the left, numbers to the right.
      text += i == 0 ? line[i] + gap : "  " + gap + line[i];
    }
    text += "\n";
  }
  return text;
}

std::string as_markdown(const std::vector<Row>& rows) {
  std::string text;
  bool head = true;
  for (const Cells& line : all_cells(rows)) {
    text += fmt::format("| {} |\n", fmt::join(line, " | "));
    if (head) text += "|---|---:|---:|---:|---:|---:|\n";
    head = false;
  }
  return text;
}

std::string as_json(const std::vector<Row>& rows) {
  std::string text;
  JsonWriter json(text);
  json.begin_array();
  for (const Row& row : rows) {
    json.begin_object().key("name").string(row.figure.name);
    json.key("what").string(row.figure.what).key("unit").string(row.figure.unit);
    json.field("bare", row.bare).field("product", row.product).field("ratio", row.ratio);
    const auto& target = row.figure.target;
    json.field("target", target ? std::optional(target->value) : std::nullopt);
    json.field("met", row.met());
    if (!row.error.empty()) json.key("error").string(row.error);
    json.end_object();
  }
  json.end_array();
  return text + "\n";
}

}  // namespace feedwatch::bench
