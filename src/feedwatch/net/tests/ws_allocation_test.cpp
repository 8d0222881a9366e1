// What reading messages costs in memory. A file of its own: the operators are replaced once a
// program.
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "feedwatch/base/tests/count_allocations.hpp"
#include "feedwatch/net/tests/deflater.hpp"
#include "feedwatch/net/ws_codec.hpp"

namespace feedwatch::net {
namespace {

using testing::append_compressed;
using testing::Deflater;

/// One line of /proc/self/status, in bytes.
std::size_t memory(const std::string& name) {
  std::ifstream status("/proc/self/status");
  std::string word;
  std::size_t kilobytes = 0;
  while (status >> word) {
    if (word == name + ":" && status >> kilobytes) return kilobytes << 10U;
  }
  return 0;
}

/// From here on VmHWM counts anew.
bool forget_peak() {
  std::ofstream clear("/proc/self/clear_refs");
  clear << "5";
  return static_cast<bool>(clear.flush());
}

/// A read as it comes over and over: what was found in it has been used before the next.
struct Read {
  std::string bytes;
  std::size_t size = 0;

  explicit Read(std::string bytes_in) : bytes(std::move(bytes_in)), size(bytes.size()) {
    bytes.append(frame_padding, '\0');
  }
};

std::uint64_t allocations_of(WsParser& parser, std::vector<Read>& reads) {
  std::vector<Frame> frames;
  frames.reserve(4'096);
  std::uint64_t before = 0;
  for (std::size_t i = 0; i < reads.size(); ++i) {
    if (i == reads.size() / 2) before = feedwatch::testing::allocations;
    frames.clear();
    EXPECT_EQ(parser.parse(reads[i].bytes.data(), reads[i].size, frames), reads[i].size);
  }
  return feedwatch::testing::allocations - before;
}

TEST(WsAllocation, InSteadyStateNothingIsAllocatedForAMessage) {
  if (!feedwatch::testing::counts_allocations) GTEST_SKIP() << "a sanitizer has its own operators";
  Deflater deflater;
  std::vector<Read> compressed, fragmented;
  for (int i = 0; i < 100; ++i) {
    std::string a, b;
    for (int k = 0; k < 200; ++k) {
      const std::string text =
          "{\"p\":\"" + std::to_string(k * 7 + i) + std::string(200, 'x') + "\"}";
      append_compressed(a, WsOpcode::text, deflater.message(text), k % 5 == 0 ? 20 : 0);
      append_frame(b, WsOpcode::text, text, {}, false);
      append_frame(b, WsOpcode::continuation, text);
    }
    compressed.emplace_back(a);
    fragmented.emplace_back(b);
  }
  WsParser inflating(WsRole::client, 1U << 20U);
  inflating.inflate({});
  EXPECT_EQ(allocations_of(inflating, compressed), 0U);
  WsParser plain(WsRole::client, 1U << 20U);
  EXPECT_EQ(allocations_of(plain, fragmented), 0U);
}

// A gigabyte of zeros is a megabyte on the wire.
TEST(WsAllocation, ABombTakesWhatAMessageMayAndNoMore) {
  if (!feedwatch::testing::counts_allocations)
    GTEST_SKIP() << "a sanitizer takes memory of its own";
  const std::size_t max_message = std::size_t{8} << 20U;
  // Each megabyte refers to nothing before it, so that one is as good as another.
  const std::string one = Deflater({.fresh_context = true})
                              .message(std::string(std::size_t{1} << 20U, '\0'))
                              .append("\0\0\xff\xff", 4);
  std::string payload;
  for (int i = 0; i < 1'024; ++i) payload += one;
  Read read([&] {
    std::string bytes;
    append_compressed(bytes, WsOpcode::binary, payload);
    return bytes;
  }());
  ASSERT_LT(read.size, 2U << 20U);
  if (!forget_peak()) GTEST_SKIP() << "this kernel does not forget the peak of a process";
  const std::size_t before = memory("VmRSS");
  WsParser parser(WsRole::client, max_message);
  parser.inflate({});
  std::vector<Frame> frames;
  parser.parse(read.bytes.data(), read.size, frames);
  ASSERT_TRUE(parser.violation());
  EXPECT_EQ(parser.violation()->code, 1009);
  EXPECT_LE(memory("VmHWM"), before + 3 * max_message);
}

TEST(WsAllocation, AnAnnouncedGigabyteTakesNothing) {
  if (!feedwatch::testing::counts_allocations)
    GTEST_SKIP() << "a sanitizer takes memory of its own";
  if (!forget_peak()) GTEST_SKIP() << "this kernel does not forget the peak of a process";
  const std::size_t before = memory("VmRSS");
  WsParser parser(WsRole::client, std::size_t{8} << 20U);
  Read read(std::string("\x82\x7f\x00\x00\x00\x00\x40\x00\x00\x00", 10));
  std::vector<Frame> frames;
  parser.parse(read.bytes.data(), read.size, frames);
  ASSERT_TRUE(parser.violation());
  EXPECT_EQ(parser.violation()->code, 1009);
  EXPECT_EQ(parser.needed(), 0U);
  EXPECT_LE(memory("VmHWM"), before + (std::size_t{1} << 20U));
}

}  // namespace
}  // namespace feedwatch::net
