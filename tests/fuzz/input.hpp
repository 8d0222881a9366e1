#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace feedwatch::fuzz {

/// What a fuzzer hands in: a few bytes that choose the setting, then what a peer would send.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size)
      : rest_(reinterpret_cast<const char*>(data), size) {}

  /// 0 when there is none left.
  std::uint8_t byte() {
    if (rest_.empty()) return 0;
    const auto value = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

/// Sizes of the pieces bytes come in, the same for the same seed; 0: all at once.
class Chops {
 public:
  explicit Chops(std::uint8_t seed) : seed_(seed), state_(seed) {}

  /// The next piece, taken off the front.
  std::string_view take(std::string_view& bytes) {
    std::size_t n = bytes.size();
    if (seed_ != 0) {
      state_ = state_ * 1'103'515'245U + 12'345U;
      const std::size_t most = std::size_t{1} << (1U + seed_ % 10U);
      n = std::min<std::size_t>(n, 1 + (state_ >> 16U) % most);
    }
    const std::string_view piece = bytes.substr(0, n);
    bytes.remove_prefix(n);
    return piece;
  }

 private:
  std::uint8_t seed_;
  std::uint32_t state_;
};

/// Says what is wrong and ends the process, as a finding of the fuzzer or a failure of the replay.
[[noreturn]] inline void fail(const std::string& what) {
  std::fprintf(stderr, "fuzz: %s\n", what.c_str());
  std::abort();
}

inline void expect(bool condition, const char* what) {
  if (!condition) fail(what);
}

}  // namespace feedwatch::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
