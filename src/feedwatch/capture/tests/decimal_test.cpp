// Every number of every real capture: prices, quantities, rates, times and ids alike.
#include "feedwatch/base/decimal.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <ostream>
#include <string>

#include "feedwatch/base/tests/test_data.hpp"
#include "feedwatch/capture/reader.hpp"

namespace feedwatch::capture {
namespace {

/// HTX sends each frame as gzip.
std::string unzipped(std::string_view bytes) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 16 + MAX_WBITS), Z_OK);
  std::string in{bytes};
  std::string out(std::size_t{1} << 22U, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

/// Digits with at most one point between them, as the grammar has them; a sign before a zero is
/// what a decimal does not keep.
bool is_plain_number(std::string_view text) {
  constexpr std::string_view digits = "0123456789";
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const std::size_t integer = std::min(text.find_first_not_of(digits), text.size());
  if (integer == 0 || (integer > 1 && text.front() == '0')) return false;
  if (negative && text.find_first_not_of("0.") == std::string_view::npos) return false;
  if (integer == text.size()) return true;
  const std::string_view fraction = text.substr(integer + 1);
  return text[integer] == '.' && !fraction.empty() &&
         fraction.find_first_not_of(digits) == std::string_view::npos;
}

bool is_exponent_form(std::string_view text) {
  const std::size_t mark = text.find_first_of("eE");
  if (mark == std::string_view::npos || !is_plain_number(text.substr(0, mark))) return false;
  std::string_view exponent = text.substr(mark + 1);
  if (exponent.starts_with('-') || exponent.starts_with('+')) exponent.remove_prefix(1);
  return !exponent.empty() && exponent.find_first_not_of("0123456789") == std::string_view::npos;
}

/// Checks the numbers of capture files and counts them.
class Numbers {
 public:
  void read(const std::filesystem::path& path) {
    auto reader = Reader::open(path.string());
    ASSERT_TRUE(reader.has_value()) << reader.error().text();
    for (;;) {
      const auto record = (*reader)->next();
      ASSERT_TRUE(record.has_value()) << record.error().text();
      if (!*record) return;
      check_all((*record)->binary ? unzipped((*record)->text) : std::string{(*record)->text});
    }
  }

  int plain = 0;
  int with_point = 0;  ///< of the plain ones
  int with_exponent = 0;

 private:
  /// What stands between the marks of JSON, in quotes or not.
  void check_all(std::string_view frame) {
    constexpr std::string_view marks = "\"[]{},: \t\r\n";
    for (std::size_t at = 0; at < frame.size();) {
      const std::size_t end = std::min(frame.find_first_of(marks, at), frame.size());
      const std::string_view token = frame.substr(at, end - at);
      if (is_plain_number(token)) check_plain(token);
      if (is_exponent_form(token)) check_exponent(std::string{token});
      at = end + 1;
    }
  }

  void check_plain(std::string_view text) {
    ++plain;
    if (text.contains('.')) ++with_point;
    const auto parsed = Decimal::parse(text);
    ASSERT_TRUE(parsed.has_value()) << text << ": " << to_text(parsed.error());
    std::array<char, Decimal::max_text> buffer{};
    ASSERT_EQ((std::string_view{buffer.data(), parsed->write(buffer.data())}), text);
  }

  /// Printed plain, so only the value can be compared.
  void check_exponent(const std::string& text) {
    ++with_exponent;
    const auto parsed = Decimal::parse(text);
    ASSERT_TRUE(parsed.has_value()) << text << ": " << to_text(parsed.error());
    ASSERT_EQ(parsed->to_double(), std::strtod(text.c_str(), nullptr)) << text;
  }
};

/// How many there are was counted by another program (Python, a regular expression).
struct Capture {
  const char* path;
  int plain, with_point, with_exponent;

  /// The name its test has: the same in every run.
  friend void PrintTo(const Capture& capture, std::ostream* out) { *out << capture.path; }
};

class EveryNumber : public ::testing::TestWithParam<Capture> {};

TEST_P(EveryNumber, IsReadAndPrintedBackByteForByte) {
  const auto path = feedwatch::testing::test_data_path(GetParam().path);
  FEEDWATCH_NEEDS_DATA(path);
  Numbers numbers;
  if (std::filesystem::is_directory(path)) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator{path}) {
      if (entry.is_regular_file()) numbers.read(entry.path());
    }
  } else {
    numbers.read(path);
  }
  EXPECT_EQ(numbers.plain, GetParam().plain);
  EXPECT_EQ(numbers.with_point, GetParam().with_point);
  EXPECT_EQ(numbers.with_exponent, GetParam().with_exponent);
}

INSTANTIATE_TEST_SUITE_P(
    Captures, EveryNumber,
    ::testing::Values(
        Capture{"captures/cryptofeed-v3/BINANCE.jsonl.zst", 48'238, 28'969, 0},
        Capture{"captures/cryptofeed-v3/BINANCE_FUTURES.jsonl.zst", 36'894, 14'943, 0},
        Capture{"captures/cryptofeed-v3/BITGET.jsonl.zst", 200'301, 147'750, 0},
        Capture{"captures/cryptofeed-v3/BYBIT.jsonl.zst", 83'180, 52'434, 0},
        Capture{"captures/cryptofeed-v3/COINBASE.jsonl.zst", 166'440, 138'133, 0},
        Capture{"captures/cryptofeed-v3/DERIBIT.jsonl.zst", 12'261, 9'135, 0},
        Capture{"captures/cryptofeed-v3/GATEIO.jsonl.zst", 15'793, 7'499, 0},
        Capture{"captures/cryptofeed-v3/HUOBI.jsonl.zst", 87'047, 75'993, 44'988},
        Capture{"captures/cryptofeed-v3/KRAKEN.jsonl.zst", 56'757, 40'578, 0},
        Capture{"captures/cryptofeed-v3/KUCOIN.jsonl.zst", 46'866, 25'167, 0},
        Capture{"captures/cryptofeed-v3/OKX.jsonl.zst", 135'237, 23'305, 0},
        Capture{"captures/hftbacktest/binance-spot_btcusdt_20240808.gz", 451'519, 383'854, 0},
        Capture{"captures/hftbacktest/binance-usdm_btcusdt_20230404.dat.gz", 217'103, 168'406, 0},
        Capture{"captures/jkorf", 964, 388, 5}));

}  // namespace
}  // namespace feedwatch::capture
