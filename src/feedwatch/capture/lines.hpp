#pragma once

#include <cstddef>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/capture/bytes.hpp"

namespace feedwatch::capture {

/// Lines of a byte stream, without their ends ("\n" or "\r\n"). The last line may lack its end.
class Lines {
 public:
  static constexpr std::size_t max_line = 64U << 20U;

  explicit Lines(std::unique_ptr<Bytes> bytes);

  /// The next line, valid until the next call and followed by frame_padding readable bytes; nullopt
  /// at the end. After an error the stream is over.
  std::expected<std::optional<std::string_view>, std::string> next();

  /// The line returned last lacks its end, or compressed data broke off in the one at fault.
  bool broken_off() const { return unended_ || bytes_->truncated(); }

  /// Number of the line returned last, or of the one at fault; the first is 1.
  std::size_t number() const { return number_; }

 private:
  std::expected<bool, std::string> fill();
  std::string_view take(std::size_t length, std::size_t with_end);

  std::unique_ptr<Bytes> bytes_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t number_ = 0;
  bool unended_ = false;
};

}  // namespace feedwatch::capture
