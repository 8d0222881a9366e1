#include "feedwatch/capture/reader.hpp"

#include <bzlib.h>
#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <map>
#include <sstream>
#include <vector>

#include "feedwatch/base/ports/transport.hpp"
#include "feedwatch/base/tests/test_data.hpp"
#include "feedwatch/capture/formats.hpp"
#include "feedwatch/capture/lines.hpp"

namespace feedwatch::capture {
namespace {

std::string gzip(const std::string& text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  std::string in = text;
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string zstd(const std::string& text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

std::string bzip(std::string text) {
  std::string out(text.size() + text.size() / 100 + 600, '\0');
  auto size = static_cast<unsigned>(out.size());
  EXPECT_EQ(BZ2_bzBuffToBuffCompress(out.data(), &size, text.data(),
                                     static_cast<unsigned>(text.size()), 9, 0, 0),
            BZ_OK);
  out.resize(size);
  return out;
}

struct Kept {
  std::size_t line;
  Direction direction;
  std::optional<WallTime> ts;
  std::string connection, address, text;
  bool binary;
};

struct Outcome {
  std::vector<Kept> records;
  std::string error;
  Format format = Format::plain_lines;
};

Outcome read_all(const std::string& bytes) {
  std::istringstream in(bytes);
  Outcome outcome;
  auto reader = Reader::open(in, "test.cap");
  if (!reader) {
    outcome.error = reader.error().text();
    return outcome;
  }
  outcome.format = (*reader)->format();
  for (;;) {
    auto record = (*reader)->next();
    if (!record) {
      outcome.error = record.error().text();
      EXPECT_FALSE((*reader)->next().value().has_value()) << "an error ends the file";
      return outcome;
    }
    if (!*record) return outcome;
    const Record& r = **record;
    // The promise to decoders: these bytes can be read.
    volatile char sink = 0;
    for (std::size_t i = 0; i < frame_padding; ++i) sink = r.text.data()[r.text.size() + i];
    static_cast<void>(sink);
    outcome.records.push_back({r.line, r.direction, r.ts, std::string(r.connection),
                               std::string(r.address), std::string(r.text), r.binary});
  }
}

const std::string session =
    R"({"t":"header","format":2,"exchange":"TEST"})"
    "\n"
    R"({"t":"http","conn":"h.1","ts":9.5,"url":"https://x/y","data":"{\"a\":1}"})"
    "\n"
    R"({"t":"connect","conn":"w.1","ts":10.25,"addr":"wss://x/ws"})"
    "\r\n\n"
    R"({"t":"send","conn":"w.1","ts":10.5,"addr":"wss://x/ws","data":"hi"})"
    "\n"
    R"({"t":"recv","conn":"w.1","ts":1786310818.2235148,"data":"{\"K\":\"\u041a\"}"})"
    "\n"
    R"({"t":"recv","conn":"w.2","ts":11,"b64":"AP9h"})"
    "\n";

TEST(CaptureReader, CryptofeedRecords) {
  const Outcome outcome = read_all(session);
  EXPECT_EQ(outcome.error, "");
  EXPECT_EQ(outcome.format, Format::cryptofeed);
  ASSERT_EQ(outcome.records.size(), 6U);
  EXPECT_EQ(outcome.records[0].direction, Direction::header);
  EXPECT_EQ(outcome.records[1].direction, Direction::http);
  EXPECT_EQ(outcome.records[1].address, "https://x/y");
  EXPECT_EQ(outcome.records[1].text, R"({"a":1})");
  EXPECT_EQ(outcome.records[2].direction, Direction::connected);
  EXPECT_EQ(outcome.records[3].direction, Direction::sent);
  EXPECT_EQ(outcome.records[3].line, 5U) << "blank lines count";
  const Kept& received = outcome.records[4];
  EXPECT_EQ(received.direction, Direction::received);
  EXPECT_EQ(received.connection, "w.1");
  EXPECT_EQ(received.address, "wss://x/ws") << "as its connect said";
  EXPECT_EQ(received.text, R"({"K":"К"})");
  EXPECT_EQ(received.ts, wall_from_ns(1786310818223514800)) << "no double in between";
  EXPECT_FALSE(received.binary);
  EXPECT_TRUE(outcome.records[5].binary);
  EXPECT_EQ(outcome.records[5].text, std::string("\0\xff"
                                                 "a",
                                                 3));
  EXPECT_EQ(outcome.records[5].address, "");
}

TEST(CaptureReader, EveryCompressionGivesTheSame) {
  const std::size_t plain = read_all(session).records.size();
  const std::string half = session.substr(0, 200);
  const std::string rest = session.substr(200);
  for (const std::string& bytes :
       {gzip(session), zstd(session), bzip(session), gzip(half) + gzip(rest),
        zstd(half) + zstd(rest), bzip(half) + bzip(rest)}) {
    const Outcome outcome = read_all(bytes);
    EXPECT_EQ(outcome.error, "");
    EXPECT_EQ(outcome.records.size(), plain);
  }
}

TEST(CaptureReader, TimedLinesInAnyUnit) {
  const Outcome outcome = read_all(
      "1680652700423575 {\"a\":1}\n1723161253937085768 {\"b\":2}\n1680652700423 c d\n1680652700 ");
  EXPECT_EQ(outcome.error, "");
  EXPECT_EQ(outcome.format, Format::timed_lines);
  ASSERT_EQ(outcome.records.size(), 4U);
  EXPECT_EQ(outcome.records[0].ts, wall_from_ns(1680652700423575000));
  EXPECT_EQ(outcome.records[0].text, "{\"a\":1}");
  EXPECT_EQ(outcome.records[1].ts, wall_from_ns(1723161253937085768));
  EXPECT_EQ(outcome.records[2].ts, wall_from_ms(1680652700423));
  EXPECT_EQ(outcome.records[2].text, "c d");
  EXPECT_EQ(outcome.records[3].ts, wall_from_ms(1680652700000));
  EXPECT_EQ(outcome.records[3].text, "");
}

TEST(CaptureReader, PlainLinesAreFrames) {
  const Outcome outcome = read_all("\n{\"t\":1}\npong\n  \n{\"x\":2}");
  EXPECT_EQ(outcome.format, Format::plain_lines);
  ASSERT_EQ(outcome.records.size(), 3U);
  EXPECT_EQ(outcome.records[1].text, "pong");
  EXPECT_EQ(outcome.records[2].line, 5U);
  EXPECT_FALSE(outcome.records[2].ts.has_value());
}

TEST(CaptureReader, NothingIsAnEmptyCapture) {
  for (const std::string& bytes :
       {std::string{}, std::string("\n \n"), gzip(""), zstd(""), bzip("")}) {
    const Outcome outcome = read_all(bytes);
    EXPECT_EQ(outcome.error, "");
    EXPECT_TRUE(outcome.records.empty());
  }
}

TEST(CaptureReader, BadLinesAreNamed) {
  const auto error_after = [](const std::string& line) { return read_all(session + line).error; };
  EXPECT_EQ(error_after("{\"t\":\"recv\""),
            "test.cap line 8: not a JSON object of a cryptofeed capture");
  EXPECT_EQ(error_after("{}"), "test.cap line 8: unknown record type ''");
  EXPECT_EQ(error_after(R"({"t":"recv","ts":"soon","data":""})"),
            "test.cap line 8: 'ts' is missing or not a time in seconds");
  EXPECT_EQ(error_after(R"({"t":"recv","conn":"w.1","ts":1})"),
            "test.cap line 8: neither 'data' nor 'b64'");
  EXPECT_EQ(error_after(R"({"t":"recv","conn":"w.1","ts":1,"b64":"A"})"),
            "test.cap line 8: 'b64' is not base64");
  EXPECT_EQ(read_all(session + "{}").records.size(), 6U) << "what came before is not lost";
  EXPECT_EQ(read_all("1680652700 a\nb\n").error,
            "test.cap line 2: expected a time, a blank and a frame");
}

/// Enough text, hardly compressible, that truncation falls into the middle of the lines.
std::string long_capture() {
  std::string text;
  std::uint64_t state = 1;
  for (int i = 0; i < 5000; ++i) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    text += "1680652700 " + std::to_string(state) + "\n";
  }
  return text;
}

TEST(CaptureReader, TruncatedFilesGiveWhatTheyHaveAndSayWhere) {
  const std::string text = long_capture();
  for (const auto& [bytes, words] : {std::pair{gzip(text), "gzip: the file is truncated"},
                                     std::pair{zstd(text), "zstd: the file is truncated"},
                                     std::pair{bzip(text), "bzip2: the file is truncated"}}) {
    const Outcome outcome = read_all(bytes.substr(0, bytes.size() - 5));
    EXPECT_GT(outcome.records.size(), 1000U);
    EXPECT_EQ(outcome.error,
              "test.cap line " + std::to_string(outcome.records.size() + 1) + ": " + words);
  }
}

TEST(CaptureReader, CorruptFilesAreErrors) {
  for (std::string bytes : {gzip(long_capture()), zstd(long_capture()), bzip(long_capture())}) {
    for (std::size_t i = bytes.size() / 2; i < bytes.size() / 2 + 64; ++i) bytes[i] = '\x55';
    EXPECT_EQ(read_all(bytes).error.find("test.cap line "), 0U) << read_all(bytes).error;
  }
  std::string bytes = gzip(session);
  bytes[bytes.size() - 8] = static_cast<char>(bytes[bytes.size() - 8] ^ 1);
  EXPECT_EQ(read_all(bytes).error, "test.cap line 8: gzip: corrupt: incorrect data check");
  bytes = zstd(session);
  bytes[4] = '\xff';
  EXPECT_EQ(read_all(bytes).error.find("test.cap line 1: zstd: corrupt: "), 0U);
  bytes = bzip(session);
  bytes[4] = '\xff';
  EXPECT_EQ(read_all(bytes).error, "test.cap line 1: bzip2: corrupt");
}

TEST(CaptureReader, AnyCutOfASmallFileEndsCleanly) {
  for (const std::string& bytes : {gzip(session), zstd(session), bzip(session), session}) {
    for (std::size_t length = 0; length < bytes.size(); ++length) {
      EXPECT_LE(read_all(bytes.substr(0, length)).records.size(), 6U);
    }
  }
}

TEST(CaptureReader, MissingFilesSayWhy) {
  const auto reader = Reader::open("/no/such/file");
  ASSERT_FALSE(reader.has_value());
  EXPECT_EQ(
      reader.error().text(),
      "/no/such/file: cannot be read: No such file or directory (name a readable capture file)");
  const auto folder = Reader::open("/tmp");
  ASSERT_FALSE(folder.has_value());
  EXPECT_EQ(folder.error().why, "cannot be read: Is a directory");
}

TEST(CaptureLines, LongLinesUpToTheLimit) {
  const std::string longest(Lines::max_line, 'x');
  std::istringstream in("a\n" + longest + "\nb\n" + longest + "xx");
  Lines lines(open_bytes(in));
  EXPECT_EQ(lines.next().value(), "a");
  EXPECT_EQ(lines.next().value()->size(), Lines::max_line);
  EXPECT_EQ(lines.next().value(), "b");
  const auto fault = lines.next();
  ASSERT_FALSE(fault.has_value());
  EXPECT_EQ(fault.error(), "the line is longer than 64 MiB");
  EXPECT_EQ(lines.number(), 4U);
}

TEST(CaptureNumbers, EpochSeconds) {
  EXPECT_EQ(parse_epoch_seconds("0"), wall_from_ns(0));
  EXPECT_EQ(parse_epoch_seconds("1.000000001"), wall_from_ns(1'000'000'001));
  EXPECT_EQ(parse_epoch_seconds("1.0000000019"), wall_from_ns(1'000'000'001));
  for (const std::string_view bad : {"", "-1", "1.", ".5", "1.5e3", "1.-5", "9000000001", "x"}) {
    EXPECT_EQ(parse_epoch_seconds(bad), std::nullopt) << bad;
  }
}

TEST(CaptureNumbers, EpochBySizeAtItsBoundaries) {
  EXPECT_EQ(parse_epoch_by_size("9000000000"), wall_from_ns(9'000'000'000'000'000'000));
  EXPECT_EQ(parse_epoch_by_size("9000000001"), std::nullopt);
  EXPECT_EQ(parse_epoch_by_size("100000000000"), wall_from_ms(100'000'000'000));
  EXPECT_EQ(parse_epoch_by_size("100000000000000"), wall_from_ms(100'000'000'000));
  EXPECT_EQ(parse_epoch_by_size("100000000000000000"), wall_from_ms(100'000'000'000));
  EXPECT_EQ(parse_epoch_by_size("9223372036854775808"), std::nullopt);
  EXPECT_EQ(parse_epoch_by_size("12x"), std::nullopt);
}

TEST(CaptureNumbers, Base64) {
  std::string out;
  for (const auto& [text, bytes] : std::map<std::string_view, std::string_view>{
           {"", ""}, {"Zg==", "f"}, {"Zm8=", "fo"}, {"Zm9v", "foo"}, {"+/+/", "\xfb\xff\xbf"}}) {
    ASSERT_TRUE(decode_base64(text, out)) << text;
    EXPECT_EQ(out, bytes);
  }
  for (const std::string_view bad : {"Z", "Zg=", "Zg===", "====", "Z===", "Zm9\n", "Zm-_"}) {
    EXPECT_FALSE(decode_base64(bad, out)) << bad;
  }
}

struct Expectation {
  std::string_view file;
  Format format;
  std::size_t received, sent, http;
};

/// Counted with zstdcat, zcat and jq, not with this reader.
TEST(CaptureReader, RealCaptures) {
  const Expectation expectations[] = {
      {"cryptofeed-v3/BYBIT.jsonl.zst", Format::cryptofeed, 3227, 24, 2},
      {"cryptofeed-v3/BINANCE_FUTURES.jsonl.zst", Format::cryptofeed, 1535, 0, 5},
      {"cryptofeed-v3/HUOBI.jsonl.zst", Format::cryptofeed, 362, 26, 1},
      {"cryptofeed-v3/COINBASE.jsonl.zst", Format::cryptofeed, 1030, 5, 1},
      {"hftbacktest/binance-usdm_btcusdt_20230404.dat.gz", Format::timed_lines, 13384, 0, 0},
      {"hftbacktest/binance-spot_btcusdt_20240808.gz", Format::timed_lines, 41249, 0, 0},
  };
  for (const Expectation& expected : expectations) {
    const auto path = testing::test_data_path("captures") / expected.file;
    FEEDWATCH_NEEDS_DATA(path);
    const auto reader = Reader::open(path.string());
    ASSERT_TRUE(reader.has_value()) << reader.error().text();
    EXPECT_EQ((*reader)->format(), expected.format) << expected.file;
    std::map<Direction, std::size_t> count;
    for (;;) {
      const auto record = (*reader)->next();
      ASSERT_TRUE(record.has_value()) << record.error().text();
      if (!*record) break;
      ++count[(*record)->direction];
    }
    EXPECT_EQ(count[Direction::received], expected.received) << expected.file;
    EXPECT_EQ(count[Direction::sent], expected.sent) << expected.file;
    EXPECT_EQ(count[Direction::http], expected.http) << expected.file;
  }
}

}  // namespace
}  // namespace feedwatch::capture
