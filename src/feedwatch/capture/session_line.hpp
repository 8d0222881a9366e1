#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/capture/session.hpp"

namespace feedwatch::capture {

/// One line of a recording, put together member by member; the Reader reads it back. Texts keep
/// their bytes: what is not UTF-8 is written as base64.
///
///     SessionLine(SessionEvent::wakeup, ts, now).take()
class SessionLine {
 public:
  /// `ts` is the moment as UTC, `now` as the boot-time clock has it.
  SessionLine(SessionEvent event, WallTime ts, MonoTime now);

  SessionLine& connection(ConnId conn);
  SessionLine& address(std::string_view url);  ///< without its secrets
  SessionLine& text(std::string_view bytes);
  SessionLine& binary(std::string_view bytes);  ///< base64 whatever they are
  SessionLine& number(std::string_view name, std::int64_t value);
  SessionLine& flag(std::string_view name);  ///< only true is written
  SessionLine& word(std::string_view name, std::string_view value);

  /// The line with its end.
  std::string take();

 private:
  std::string line_;
  JsonWriter json_{line_};
};

/// First line of every file of a recording.
struct SessionHeader {
  WallAnchor anchor;       ///< what the shard took for the time at its start
  std::uint64_t seed = 0;  ///< of jitter
  std::string config;      ///< TOML: venues, streams, policies, alerts; no secrets
  std::string program;     ///< "feedwatch 0.1.0"
};
std::string header_line(const SessionHeader& header);

}  // namespace feedwatch::capture
