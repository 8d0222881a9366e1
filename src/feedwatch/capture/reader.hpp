#pragma once

#include <cstdint>
#include <istream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "feedwatch/base/error.hpp"
#include "feedwatch/base/time.hpp"
#include "feedwatch/capture/session.hpp"

/// Recorded frames with their times, read one by one.
namespace feedwatch::capture {

enum class Direction : std::uint8_t {
  received,   ///< a frame from the venue
  sent,       ///< a frame to the venue
  connected,  ///< a connection was opened; no text
  http,       ///< a REST answer
  header,     ///< about the recording; text is the whole line
  session,    ///< only in recordings of our own: `session` says what
};

/// One record. Views are valid until the next call of next(); `text` is followed by frame_padding
/// readable bytes, so it can be decoded in place.
struct Record {
  std::size_t line = 0;
  Direction direction = Direction::received;
  std::optional<WallTime> ts;   ///< the recorder's clock; nullopt when the format has none
  std::string_view connection;  ///< the recording's name of it; empty when there is only one
  std::string_view address;     ///< URL of the connection or request; empty when not recorded
  std::string_view text;
  bool binary = false;
  const Session* session = nullptr;  ///< recordings of our own: what else is known of it
};

enum class Format : std::uint8_t {
  cryptofeed,   ///< one JSON object a line: header, http, connect, send, recv; ours as well
  timed_lines,  ///< `time frame` a line; the time in s, ms, µs or ns by its size
  plain_lines,  ///< one frame a line
};
std::string_view to_text(Format format);

/// Reads any of the formats, each plain, gzip or zstd; told apart by content, not by name. Blank
/// lines are skipped. Not thread-safe.
class Reader {
 public:
  virtual ~Reader() = default;

  /// Errors name the file and, once inside it, the line.
  static Result<std::unique_ptr<Reader>> open(const std::string& path);
  /// `name` stands in errors; `in` is borrowed and must outlive the reader.
  static Result<std::unique_ptr<Reader>> open(std::istream& in, std::string name);

  /// nullopt at the end. A damaged file gives its sound records first, then the error; after an
  /// error the file is over.
  virtual Result<std::optional<Record>> next() = 0;
  virtual Format format() const = 0;
  /// After an error: the file ends inside a record, as a crash of its writer leaves it.
  virtual bool broken_off() const = 0;
};

}  // namespace feedwatch::capture
