#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "feedwatch/capture/reader.hpp"

namespace feedwatch::capture {

/// Reads the lines of one format. The line is padded as Lines promises. Errors are for people and
/// name neither file nor line.
class LineFormat {
 public:
  virtual ~LineFormat() = default;
  virtual std::expected<Record, std::string> parse(std::string_view line) = 0;
  virtual Format format() const = 0;
};

/// The format whose first line this could be.
std::unique_ptr<LineFormat> format_of(std::string_view first_line);

/// One JSON object a line, cryptofeed's or ours; nullptr when the line is none of them.
std::unique_ptr<LineFormat> cryptofeed_format(std::string_view first_line);

/// "1786310818.2235148" → time; up to nine fraction digits count, further ones are cut off.
std::optional<WallTime> parse_epoch_seconds(std::string_view text);

/// Whole units since 1970, which unit by size: s below 1e11, ms below 1e14, µs below 1e17, else ns.
std::optional<WallTime> parse_epoch_by_size(std::string_view digits);

/// Standard alphabet with padding; nullopt when it is not that. Replaces `out`.
bool decode_base64(std::string_view text, std::string& out);
/// The inverse.
std::string encode_base64(std::string_view bytes);

}  // namespace feedwatch::capture
