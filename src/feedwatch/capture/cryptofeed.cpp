// One JSON object a line: cryptofeed's raw capture, format 2, and the recordings of our own, which
// say more in the same form.

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "feedwatch/base/ports/transport.hpp"
#include "feedwatch/capture/formats.hpp"

namespace feedwatch::capture {

namespace {

namespace ondemand = simdjson::ondemand;

constexpr std::size_t max_connections = 10'000;
constexpr std::string_view own_format = "feedwatch-recording";

using Integer = std::optional<std::int64_t>;
constexpr std::array<std::pair<std::string_view, Integer Session::*>, 12> integers{{
    {"now", &Session::now},
    {"mono", &Session::mono},
    {"wall", &Session::wall},
    {"version", &Session::version},
    {"seed", &Session::seed},
    {"number", &Session::number},
    {"count", &Session::count},
    {"id", &Session::id},
    {"status", &Session::status},
    {"code", &Session::code},
    {"retry", &Session::retry},
    {"ttl", &Session::ttl},
}};
constexpr std::array<std::pair<std::string_view, bool Session::*>, 3> flags{{
    {"stalled", &Session::stalled},
    {"more", &Session::more},
    {"by_us", &Session::by_us},
}};
constexpr std::array<std::pair<std::string_view, std::string Session::*>, 6> texts{{
    {"operation", &Session::operation},
    {"phase", &Session::phase},
    {"key", &Session::key},
    {"owner", &Session::owner},
    {"config", &Session::config},
    {"retry_after", &Session::retry_after},
}};

std::optional<SessionEvent> event_of(std::string_view word) {
  for (const auto& [text, event] : session_words) {
    if (text == word) return event;
  }
  return std::nullopt;
}

/// Others' recordings know five of our words.
std::optional<Direction> direction_of(SessionEvent event) {
  switch (event) {
    case SessionEvent::read:
      return Direction::received;
    case SessionEvent::send:
      return Direction::sent;
    case SessionEvent::open:
      return Direction::connected;
    case SessionEvent::answer:
      return Direction::http;
    case SessionEvent::header:
      return Direction::header;
    default:
      return std::nullopt;
  }
}

/// The members of one line that we know, copied out of the parser.
struct Members {
  std::string type, format, connection, address, data, base64, time;
  bool has_data = false, has_base64 = false;
  Session session;

  void clear() {
    for (std::string* text : {&type, &format, &connection, &address, &data, &base64, &time}) {
      text->clear();
    }
    has_data = has_base64 = false;
    session.clear();
  }

  /// Fields of the form ours and cryptofeed's share must be sound; what only we write is taken
  /// where it has the right type, since others may use the names for something else.
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
    set_session(key, value);
    return true;
  }

 private:
  void set_session(std::string_view key, ondemand::value& value) {
    for (const auto& [name, member] : integers) {
      if (std::int64_t number = 0; name == key && !value.get_int64().get(number)) {
        session.*member = number;
      }
    }
    for (const auto& [name, member] : flags) {
      if (bool flag = false; name == key && !value.get_bool().get(flag)) session.*member = flag;
    }
    for (const auto& [name, member] : texts) {
      if (name == key) text(value, session.*member);
    }
    if (key == "format") text(value, format);
  }

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

/// `recv` names its connection only; the address stands in the `connect` before it.
class Cryptofeed final : public LineFormat {
 public:
  Format format() const override { return Format::cryptofeed; }

  std::expected<Record, std::string> parse(std::string_view line) override {
    if (!read_members(parser_, line, members_)) {
      return std::unexpected("not a JSON object of a cryptofeed capture");
    }
    const auto event = event_of(members_.type);
    if (event == SessionEvent::header) return header(line);
    const auto direction = event ? direction_of(*event) : std::nullopt;
    if (!direction && !(ours_ && event)) {
      return std::unexpected("unknown record type '" + members_.type + "'");
    }
    Record record{.direction = direction.value_or(Direction::session)};
    record.ts = parse_epoch_seconds(members_.time);
    if (!record.ts) return std::unexpected("'ts' is missing or not a time in seconds");
    members_.session.event = *event;
    if (auto why = find_address(record); !why.empty()) return std::unexpected(std::move(why));
    if (auto why = find_text(record); !why.empty()) return std::unexpected(std::move(why));
    if (auto why = find_session(record); !why.empty()) return std::unexpected(std::move(why));
    return record;
  }

 private:
  std::expected<Record, std::string> header(std::string_view line) {
    Record record{.direction = Direction::header};
    record.text = line;
    ours_ = members_.format == own_format;
    if (!ours_) return record;
    if (members_.session.version != session_version) {
      return std::unexpected("a recording of a version this program does not know");
    }
    if (!members_.session.mono || !members_.session.wall || !members_.session.seed) {
      return std::unexpected("the header lacks 'mono', 'wall' or 'seed'");
    }
    members_.session.event = SessionEvent::header;
    record.session = &members_.session;
    return record;
  }

  std::string find_address(Record& record) {
    record.connection = members_.connection;
    record.address = members_.address;
    const auto known = addresses_.find(members_.connection);
    if (record.direction == Direction::session) {
      if (members_.session.event == SessionEvent::closed && known != addresses_.end()) {
        addresses_.erase(known);
      }
      return {};
    }
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
    const bool needed =
        record.direction != Direction::connected && record.direction != Direction::session;
    if (members_.has_base64) {
      if (!decode_base64(members_.base64, text_)) return "'b64' is not base64";
      record.binary = true;
    } else if (members_.has_data) {
      text_.swap(members_.data);
    } else if (needed) {
      return "neither 'data' nor 'b64'";
    } else {
      text_.clear();
    }
    const std::size_t size = text_.size();
    text_.append(frame_padding, '\0');
    record.text = std::string_view(text_).substr(0, size);
    return {};
  }

  std::string find_session(Record& record) {
    if (!ours_) return {};
    Session& session = members_.session;
    session.has_text = members_.has_data || members_.has_base64;
    if (!session.now) return "'now' is missing or not a whole number";
    const bool read = session.event == SessionEvent::read || session.event == SessionEvent::control;
    if (read && !session.mono) return "'mono' is missing or not a whole number";
    record.session = &session;
    return {};
  }

  ondemand::parser parser_;
  Members members_;
  std::string text_;
  std::map<std::string, std::string, std::less<>> addresses_;
  bool ours_ = false;  ///< the header said so
};

}  // namespace

std::unique_ptr<LineFormat> cryptofeed_format(std::string_view first_line) {
  ondemand::parser parser;
  Members members;
  if (!first_line.starts_with('{') || !read_members(parser, first_line, members)) return nullptr;
  const auto event = event_of(members.type);
  if (!event || !direction_of(*event)) return nullptr;
  return std::make_unique<Cryptofeed>();
}

}  // namespace feedwatch::capture
