#include "feedwatch/base/utf8.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace feedwatch {
namespace {

/// The encoding by its definition, for every code point, surrogates included.
std::string encode(std::uint32_t c) {
  const auto byte = [](std::uint32_t bits) { return static_cast<char>(bits); };
  const auto tail = [&](std::uint32_t shift) { return byte(0x80U | ((c >> shift) & 0x3FU)); };
  if (c < 0x80) return {byte(c)};
  if (c < 0x800) return {byte(0xC0U | (c >> 6U)), tail(0)};
  if (c < 0x10000) return {byte(0xE0U | (c >> 12U)), tail(6), tail(0)};
  return {byte(0xF0U | (c >> 18U)), tail(12), tail(6), tail(0)};
}

void expect_step(std::string_view text, std::size_t length, bool valid) {
  const Utf8Step step = utf8_step(text);
  EXPECT_EQ(step.length, length) << ::testing::PrintToString(std::string{text});
  EXPECT_EQ(step.valid, valid) << ::testing::PrintToString(std::string{text});
}

TEST(Utf8, EveryCodePointIsOneStepExceptSurrogatesAndTooLargeOnes) {
  for (std::uint32_t c = 0; c < 0x11'0400; ++c) {
    const std::string text = encode(c);
    const bool expected = (c < 0xD800 || c > 0xDFFF) && c <= 0x10'FFFF;
    ASSERT_EQ(is_utf8(text), expected) << c;
    ASSERT_EQ(!expected || utf8_step(text).length == text.size(), true) << c;
  }
}

TEST(Utf8, IllFormedBytesAreGroupedByMaximalSubparts) {
  expect_step("\x80", 1, false);
  expect_step("\xC0\xAF", 1, false);          // overlong
  expect_step("\xE0\x80\x80", 1, false);      // overlong
  expect_step("\xED\xA0\x80", 1, false);      // surrogate
  expect_step("\xF0\x8F\xBF\xBF", 1, false);  // overlong
  expect_step("\xF4\x90\x80\x80", 1, false);  // beyond U+10FFFF
  expect_step("\xF5\x80\x80\x80", 1, false);
  expect_step("\xFF", 1, false);
  expect_step("\xE2\x82", 2, false);  // cut off
  expect_step("\xE2\x82 ", 2, false);
  expect_step("\xF1\x80\x80\x41", 3, false);
  expect_step("", 0, false);
}

TEST(Utf8, OneBadByteSpoilsTheText) {
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8("Ж币🚀"));
  EXPECT_FALSE(is_utf8("Ж币🚀\xFF"));
  EXPECT_FALSE(is_utf8("\xC3(Ж"));
}

}  // namespace
}  // namespace feedwatch
