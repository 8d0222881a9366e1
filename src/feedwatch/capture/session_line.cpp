#include "feedwatch/capture/session_line.hpp"

#include <fmt/format.h>

#include <utility>

#include "feedwatch/base/utf8.hpp"
#include "feedwatch/capture/formats.hpp"

namespace feedwatch::capture {

namespace {

constexpr std::int64_t billion = 1'000'000'000;

/// Seconds with all nine digits.
std::string epoch_seconds(WallTime ts) {
  return fmt::format("{}.{:09}", to_ns(ts) / billion, to_ns(ts) % billion);
}

}  // namespace

SessionLine::SessionLine(SessionEvent event, WallTime ts, MonoTime now) {
  json_.begin_object().field("t", to_text(event));
  json_.key("ts").raw(epoch_seconds(ts));
  json_.field("now", to_ns(now));
}

SessionLine& SessionLine::connection(ConnId conn) {
  json_.field("conn", std::to_string(conn.value));
  return *this;
}

SessionLine& SessionLine::address(std::string_view url) {
  json_.field("addr", without_secrets(url));
  return *this;
}

SessionLine& SessionLine::text(std::string_view bytes) {
  if (!is_utf8(bytes)) return binary(bytes);
  json_.field("data", bytes);
  return *this;
}

SessionLine& SessionLine::binary(std::string_view bytes) {
  json_.field("b64", encode_base64(bytes));
  return *this;
}

SessionLine& SessionLine::number(std::string_view name, std::int64_t value) {
  json_.field(name, value);
  return *this;
}

SessionLine& SessionLine::flag(std::string_view name) {
  json_.field(name, true);
  return *this;
}

SessionLine& SessionLine::word(std::string_view name, std::string_view value) {
  json_.field(name, value);
  return *this;
}

std::string SessionLine::take() {
  json_.end_object();
  line_.push_back('\n');
  return std::move(line_);
}

std::string header_line(const SessionHeader& header) {
  std::string line;
  JsonWriter(line)
      .begin_object()
      .field("t", to_text(SessionEvent::header))
      .field("format", "feedwatch-recording")
      .field("version", session_version)
      .field("program", header.program)
      .field("wall", to_ns(header.anchor.wall))
      .field("mono", to_ns(header.anchor.mono))
      .field("seed", static_cast<std::int64_t>(header.seed))
      .field("config", header.config)
      .end_object();
  line.push_back('\n');
  return line;
}

}  // namespace feedwatch::capture
