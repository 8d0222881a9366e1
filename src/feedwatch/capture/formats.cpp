#include "feedwatch/capture/formats.hpp"

#include <simdjson.h>

#include <array>
#include <map>
#include <utility>

#include "feedwatch/base/ports/transport.hpp"

namespace feedwatch::capture {

namespace {

namespace ondemand = simdjson::ondemand;

constexpr std::size_t max_connections = 10'000;

std::optional<Direction> direction_of(std::string_view word) {
  constexpr std::array<std::pair<std::string_view, Direction>, 5> words{{
      {"recv", Direction::received},
      {"send", Direction::sent},
      {"connect", Direction::connected},
      {"http", Direction::http},
      {"header", Direction::header},
  }};
  for (const auto& [text, direction] : words) {
    if (text == word) return direction;
  }
  return std::nullopt;
}

/// The members of one line that we know, copied out of the parser.
struct Members {
  std::string type, connection, address, data, base64, time;
  bool has_data = false, has_base64 = false;

  void clear() {
    for (std::string* text : {&type, &connection, &address, &data, &base64, &time}) text->clear();
    has_data = has_base64 = false;
  }

  bool set(std::string_view key, ondemand::value& value) {
    if (key == "ts") {
      std::string_view raw = value.raw_json_token();
      raw = raw.substr(0, raw.find_last_not_of(" \t\r\n") + 1);
      time = raw;
      return true;
    }
    if (key == "t") return text(value, type);
    if (key == "conn") return text(value, connection);
    if (key == "addr" || key == "url") return text(value, address);
    if (key == "data") return has_data = text(value, data);
    if (key == "b64") return has_base64 = text(value, base64);
    return true;
  }

 private:
  static bool text(ondemand::value& value, std::string& out) {
    std::string_view view;
    if (value.get_string().get(view)) return false;
    out = view;
    return true;
  }
};

bool read_members(ondemand::parser& parser, std::string_view line, Members& members) {
  members.clear();
  ondemand::document document;
  const simdjson::padded_string_view padded(line.data(), line.size(), line.size() + frame_padding);
  if (parser.iterate(padded).get(document)) return false;
  ondemand::json_type type;
  if (document.type().get(type) || type != ondemand::json_type::object) return false;
  ondemand::object object;
  if (document.get_object().get(object)) return false;
  for (auto item : object) {
    ondemand::field field;
    std::string_view key;
    if (std::move(item).get(field) || field.unescaped_key().get(key)) return false;
    ondemand::value value = field.value();
    if (!members.set(key, value)) return false;
  }
  return document.current_location().error() == simdjson::OUT_OF_BOUNDS;
}

/// cryptofeed's raw capture, format 2. `recv` names its connection only; the address stands in the
/// `connect` before it.
class Cryptofeed final : public LineFormat {
 public:
  Format format() const override { return Format::cryptofeed; }

  std::expected<Record, std::string> parse(std::string_view line) override {
    if (!read_members(parser_, line, members_)) {
      return std::unexpected("not a JSON object of a cryptofeed capture");
    }
    const auto direction = direction_of(members_.type);
    if (!direction) return std::unexpected("unknown record type '" + members_.type + "'");
    Record record{.direction = *direction};
    if (record.direction == Direction::header) {
      record.text = line;
      return record;
    }
    record.ts = parse_epoch_seconds(members_.time);
    if (!record.ts) return std::unexpected("'ts' is missing or not a time in seconds");
    if (auto why = find_address(record); !why.empty()) return std::unexpected(std::move(why));
    if (auto why = find_text(record); !why.empty()) return std::unexpected(std::move(why));
    return record;
  }

 private:
  std::string find_address(Record& record) {
    record.connection = members_.connection;
    record.address = members_.address;
    const auto known = addresses_.find(members_.connection);
    if (!members_.address.empty()) {
      if (known == addresses_.end() && addresses_.size() >= max_connections) {
        return "more than 10,000 connections";
      }
      if (record.direction != Direction::http) addresses_[members_.connection] = members_.address;
    } else if (known != addresses_.end()) {
      record.address = known->second;
    }
    return {};
  }

  std::string find_text(Record& record) {
    if (record.direction == Direction::connected) {
      text_.clear();
    } else if (members_.has_base64) {
      if (!decode_base64(members_.base64, text_)) return "'b64' is not base64";
      record.binary = true;
    } else if (members_.has_data) {
      text_.swap(members_.data);
    } else {
      return "neither 'data' nor 'b64'";
    }
    const std::size_t size = text_.size();
    text_.append(frame_padding, '\0');
    record.text = std::string_view(text_).substr(0, size);
    return {};
  }

  ondemand::parser parser_;
  Members members_;
  std::string text_;
  std::map<std::string, std::string, std::less<>> addresses_;
};

class TimedLines final : public LineFormat {
 public:
  Format format() const override { return Format::timed_lines; }

  std::expected<Record, std::string> parse(std::string_view line) override {
    const auto blank = line.find(' ');
    const auto time = parse_epoch_by_size(line.substr(0, blank));
    if (blank == std::string_view::npos || !time) {
      return std::unexpected("expected a time, a blank and a frame");
    }
    return Record{.ts = time, .text = line.substr(blank + 1)};
  }
};

class PlainLines final : public LineFormat {
 public:
  Format format() const override { return Format::plain_lines; }
  std::expected<Record, std::string> parse(std::string_view line) override {
    return Record{.text = line};
  }
};

}  // namespace

std::unique_ptr<LineFormat> format_of(std::string_view first_line) {
  ondemand::parser parser;
  Members members;
  if (first_line.starts_with('{') && read_members(parser, first_line, members) &&
      direction_of(members.type)) {
    return std::make_unique<Cryptofeed>();
  }
  TimedLines timed;
  if (timed.parse(first_line)) return std::make_unique<TimedLines>();
  return std::make_unique<PlainLines>();
}

}  // namespace feedwatch::capture
