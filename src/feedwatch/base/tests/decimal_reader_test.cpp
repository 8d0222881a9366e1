// Differential: the fast reader against the one that knows the whole grammar.
#include "feedwatch/base/decimal_reader.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "feedwatch/base/random.hpp"

namespace feedwatch::decimal_reader {
namespace {

constexpr int rounds = 200'000;

/// Whether the fast reader took it; what it took must be what the other one reads.
bool agrees(std::string_view text) {
  // A copy of exactly the text's size: the address sanitizer sees a read past its end.
  const auto bytes = std::make_unique<char[]>(text.size());
  text.copy(bytes.get(), text.size());
  const std::string_view exact{bytes.get(), text.size()};
  Decimal usual{7, 7};
  const bool taken = read_usual(exact, usual);
  const auto any = read_any(exact);
  if (taken) {
    EXPECT_TRUE(any.has_value() && identical(usual, *any)) << text;
  } else {
    EXPECT_TRUE(identical(usual, Decimal{7, 7})) << "touched by " << text;
  }
  const auto parsed = Decimal::parse(exact);
  EXPECT_EQ(parsed.has_value(), any.has_value()) << text;
  if (parsed && any) {
    EXPECT_TRUE(identical(*parsed, *any)) << text;
  } else if (!parsed && !any) {
    EXPECT_EQ(parsed.error(), any.error()) << text;
  }
  return taken;
}

std::string random_digits(Random& random, std::uint64_t count) {
  std::string digits;
  for (; count > 0; --count) digits += static_cast<char>('0' + random.below(10));
  return digits;
}

TEST(DecimalReader, ReadersAgreeOnPricesOfEveryLength) {
  Random random{1};
  int taken = 0;
  for (int i = 0; i < rounds; ++i) {
    std::string text = random.below(4) == 0 ? "-" : "";
    text += random_digits(random, random.below(13));
    if (random.below(4) != 0) text += "." + random_digits(random, random.below(13));
    taken += agrees(text) ? 1 : 0;
  }
  EXPECT_GT(taken, rounds / 2);
}

TEST(DecimalReader, ReadersAgreeOnHostileText) {
  constexpr std::string_view alphabet{"00123456789.-+eE \0/:\xb0", 21};
  Random random{2};
  int taken = 0;
  for (int i = 0; i < rounds; ++i) {
    std::string text;
    for (std::uint64_t n = random.below(24); n > 0; --n) {
      // Mostly digits, so that the strange one stands at every place.
      text += alphabet[random.below(random.below(8) == 0 ? alphabet.size() : 12)];
    }
    taken += agrees(text) ? 1 : 0;
  }
  EXPECT_GT(taken, rounds / 100);
}

TEST(DecimalReader, TheFastOneTakesWhatIsUsualAndNothingElse) {
  for (const char* text :
       {"0", "-0", "0.0", "28145.10", "-28145.10", "0.00000015", "65000", "9999999999999999999",
        "-9999999999999999999", "0.99999999999999999", "99999999999999999.9"}) {
    EXPECT_TRUE(agrees(text)) << text;
  }
  for (const char* text : {"",
                           "-",
                           ".",
                           "1.",
                           ".5",
                           "-.5",
                           "007",
                           "00.5",
                           "1e5",
                           "1.5e-7",
                           "+1",
                           "1..2",
                           "1.2.3",
                           "1 ",
                           "0x1",
                           "--1",
                           "10000000000000000000",
                           "0.999999999999999999",
                           "1:",
                           "1/",
                           "\xb1",
                           "-00"}) {
    EXPECT_FALSE(agrees(text)) << text;
  }
}

TEST(DecimalReader, ReadsNothingPastTheEnd) {
  const std::string digits = "1234567890.1234567";
  for (std::size_t size = 0; size <= digits.size(); ++size) agrees(digits.substr(0, size));
  EXPECT_EQ(Decimal::parse(std::string_view{digits}.substr(0, 5))->to_string(), "12345");
}

}  // namespace
}  // namespace feedwatch::decimal_reader
