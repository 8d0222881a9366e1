#include "feedwatch/capture/lines.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "feedwatch/base/ports/transport.hpp"

namespace feedwatch::capture {

Lines::Lines(std::unique_ptr<Bytes> bytes)
    : bytes_(std::move(bytes)), buffer_(256 * 1024 + frame_padding) {}

std::string_view Lines::take(std::size_t length, std::size_t with_end) {
  std::string_view line(buffer_.data() + begin_, length);
  begin_ += with_end;
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::expected<std::optional<std::string_view>, std::string> Lines::next() {
  ++number_;
  std::size_t searched = 0;
  for (;;) {
    const char* start = buffer_.data() + begin_ + searched;
    const std::size_t unsearched = end_ - begin_ - searched;
    if (const void* found = std::memchr(start, '\n', unsearched)) {
      const auto length =
          static_cast<std::size_t>(static_cast<const char*>(found) - start) + searched;
      return take(length, length + 1);
    }
    searched = end_ - begin_;
    if (searched > max_line) return std::unexpected("the line is longer than 64 MiB");
    const auto more = fill();
    if (!more) return std::unexpected(more.error());
    if (*more) continue;
    if (searched == 0) return std::nullopt;
    unended_ = true;
    return take(searched, searched);
  }
}

/// Moves what is left to the front and reads behind it; false at the end.
std::expected<bool, std::string> Lines::fill() {
  std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  if (end_ + frame_padding >= buffer_.size()) buffer_.resize(buffer_.size() * 2);
  const auto count =
      bytes_->read(std::span(buffer_).subspan(end_, buffer_.size() - frame_padding - end_));
  if (!count) return std::unexpected(count.error());
  end_ += *count;
  return *count > 0;
}

}  // namespace feedwatch::capture
