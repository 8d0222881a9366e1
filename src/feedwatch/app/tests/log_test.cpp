#include "feedwatch/app/log.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <string>

#include "feedwatch/embed/system_clock.hpp"
#include "feedwatch/net/socket.hpp"

namespace feedwatch::app {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

/// Standard error as a pipe, for as long as this lives.
class PipedStderr {
 public:
  PipedStderr() {
    int ends[2];
    if (::pipe(ends) != 0) std::abort();
    read_ = net::Fd{ends[0]};
    write_ = net::Fd{ends[1]};
    before_ = net::Fd{::dup(STDERR_FILENO)};
    ::dup2(write_.get(), STDERR_FILENO);
  }
  ~PipedStderr() { ::dup2(before_.get(), STDERR_FILENO); }

  /// Until not one byte more fits. Our end stays a blocking one, as a shell would give it.
  void fill() const {
    const std::string page(4096, 'x');
    ::fcntl(write_.get(), F_SETFL, O_NONBLOCK);
    while (::write(write_.get(), page.data(), page.size()) > 0) {
    }
    ::fcntl(write_.get(), F_SETFL, 0);
  }
  std::string take() const {
    std::array<char, 1U << 16U> bytes{};
    const auto n = ::read(read_.get(), bytes.data(), bytes.size());
    return {bytes.data(), n > 0 ? static_cast<std::size_t>(n) : 0};
  }
  bool blocks() const { return (::fcntl(write_.get(), F_GETFL) & O_NONBLOCK) == 0; }

 private:
  net::Fd read_, write_, before_;
};

TEST(Log, what_waits_is_written_before_the_end) {
  const PipedStderr stderr_pipe;
  {
    Log log(config::LogConfig{});
    log.line("info", "first");
    log.line("warning", "last");
  }
  const std::string text = stderr_pipe.take();
  EXPECT_THAT(text, HasSubstr("info first\n"));
  EXPECT_THAT(text, EndsWith("warning last\n"));
}

TEST(Log, a_stderr_nobody_reads_does_not_hold_up_the_end) {
  const PipedStderr stderr_pipe;
  stderr_pipe.fill();
  const embed::SystemClock clock;
  const MonoTime began = clock.now();
  {
    Log log(config::LogConfig{});
    for (int i = 0; i < 20'000; ++i) log.line("info", std::string(200, 'l'));
  }
  EXPECT_LT(clock.now() - began, 4s);
}

TEST(Log, a_reader_that_comes_back_gets_whole_lines_and_the_pipe_as_it_was) {
  const PipedStderr stderr_pipe;
  stderr_pipe.fill();
  std::string text;
  {
    Log log(config::LogConfig{});
    log.line("info", "late but whole");
    text = stderr_pipe.take();
    EXPECT_TRUE(stderr_pipe.blocks());
  }
  EXPECT_THAT(stderr_pipe.take(), EndsWith("info late but whole\n"));
}

}  // namespace
}  // namespace feedwatch::app
