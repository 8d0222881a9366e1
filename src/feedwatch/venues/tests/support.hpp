#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/venues/venue.hpp"

/// Shared by the tests of every venue folder.
namespace feedwatch::venues::test {

/// A frame with its own padded bytes. The padding is hostile on purpose: a decoder that reads past
/// the payload finds JSON there.
class OwnedFrame {
 public:
  explicit OwnedFrame(std::string_view text) : size_(text.size()), bytes_(text) {
    while (bytes_.size() < size_ + frame_padding) bytes_ += "\"}],";
  }
  Frame frame() const { return {FrameType::text, std::string_view(bytes_).substr(0, size_)}; }

 private:
  std::size_t size_;
  std::string bytes_;
};

/// One decoded message with everything its views point into.
struct Reading {
  Reading(const Venue& venue, std::string_view text)
      : owned(text), decoder(venue.make_decoder()), type(decoder->decode(owned.frame(), out)) {}
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;

  bool failed_with(DecodeErrorCode code, std::string_view field) const {
    return !type && type.error().code == code && type.error().field == field;
  }

  OwnedFrame owned;
  std::unique_ptr<Decoder> decoder;
  Decoded out;
  std::expected<MessageType, DecodeError> type;
};

/// A text that is no message of the venue, and what its error says.
struct ErrorCase {
  std::string text;
  DecodeErrorCode code;
  std::string_view field;
  std::string_view symbol;
};

inline void check_errors(const Venue& venue, std::span<const ErrorCase> cases) {
  for (const ErrorCase& c : cases) {
    const Reading reading(venue, c.text);
    ASSERT_FALSE(reading.type.has_value()) << c.text;
    EXPECT_EQ(to_text(reading.type.error().code), to_text(c.code)) << c.text;
    EXPECT_EQ(reading.type.error().field, c.field) << c.text;
    EXPECT_EQ(reading.type.error().symbol, c.symbol) << c.text;
    EXPECT_TRUE(reading.out.ticks.empty()) << c.text;
  }
}

/// The symbols of a list, with "halted" behind those that do not trade.
inline std::vector<std::string> told(const std::vector<Instrument>& instruments) {
  std::vector<std::string> names;
  for (const Instrument& i : instruments) names.push_back(i.symbol + (i.trading ? "" : " halted"));
  return names;
}

inline Decimal decimal(std::string_view text) {
  return Decimal::parse(text).value();
}

}  // namespace feedwatch::venues::test
