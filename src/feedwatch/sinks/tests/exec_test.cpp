#include "feedwatch/sinks/exec.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "feedwatch/sinks/tests/loop.hpp"
#include "feedwatch/sinks/webhook.hpp"

namespace feedwatch::sinks {
namespace {

using Status = SinkResult::Status;

class Exec : public testing::Test {
 protected:
  Exec() {
    std::string pattern = "/tmp/feedwatch-exec-XXXXXX";
    directory = ::mkdtemp(pattern.data());
  }
  ~Exec() override { std::filesystem::remove_all(directory); }

  SinkResult run(const std::string& script, Duration timeout = 5s) {
    ExecSink sink({.name = "x",
                   .command = {"/bin/sh", "-c", script, "sh", directory.string()},
                   .timeout = timeout,
                   .speaker = {}},
                  loop.reactor);
    return loop.deliver(sink, message).value_or(SinkResult{Status::failed, "no answer at all", {}});
  }
  std::string file(const std::string& name) const {
    std::ifstream in(directory / name);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
  }

  Loop loop;
  Notification message = message_of({btc()});
  std::filesystem::path directory;
};

TEST_F(Exec, HasTheMessageOnItsInputAndNothingElseOfOurs) {
  ::setenv("FEEDWATCH_CANARY", "canary", 1);
  EXPECT_EQ(run(R"(cat > "$1/in"; env > "$1/env"; ls /proc/self/fd > "$1/fds")").status,
            Status::delivered);
  EXPECT_EQ(file("in"), webhook_body(message, "x", {}));
  EXPECT_THAT(file("env"), testing::HasSubstr("FEEDWATCH_KEY=a1/firing/critical\n"));
  EXPECT_THAT(file("env"), testing::Not(testing::HasSubstr("canary")));
  EXPECT_EQ(file("fds"), "0\n1\n2\n3\n") << "3 is the directory ls reads";
}

TEST_F(Exec, LargeInputAndOneThatIsNotRead) {
  message = message_of(std::vector<Notice>(500, btc()));
  EXPECT_EQ(run(R"(cat > "$1/in")").status, Status::delivered);
  EXPECT_EQ(file("in"), webhook_body(message, "x", {}));
  EXPECT_EQ(run("exit 0").status, Status::delivered);
}

TEST_F(Exec, StatusDecides) {
  const SinkResult failed = run("exit 3");
  EXPECT_EQ(failed.status, Status::failed);
  EXPECT_EQ(failed.detail, "exit status 3");
  EXPECT_EQ(run("exit 75").status, Status::retry);
  EXPECT_EQ(run("kill -SEGV $$").detail, "killed by signal 11");
  ExecSink missing({.name = "x", .command = {"/no/such/program"}, .speaker = {}}, loop.reactor);
  EXPECT_EQ(loop.deliver(missing)->detail, "No such file or directory");
}

TEST_F(Exec, PastItsTimeTheWholeGroupIsKilled) {
  const SinkResult result = run(R"(sleep 60 & echo $! > "$1/child"; wait)", 500ms);
  EXPECT_EQ(result.status, Status::retry);
  EXPECT_EQ(result.detail, "killed: it took too long");
  const pid_t child = std::stoi(file("child"));
  // Somebody has to reap it first; until then it is a zombie.
  const auto is_over = [&] {
    std::ifstream stat("/proc/" + std::to_string(child) + "/stat");
    std::string text;
    return !std::getline(stat, text) || text.find(") Z ") != std::string::npos;
  };
  loop.turn_until(is_over, 5s);
  EXPECT_TRUE(is_over());
}

TEST_F(Exec, GoesAwayWithAProgramRunning) {
  auto sink = std::make_unique<ExecSink>(
      ExecOptions{.name = "x", .command = {"/bin/sleep", "60"}, .timeout = 20s, .speaker = {}},
      loop.reactor);
  bool answered = false;
  sink->deliver(message, [&](const SinkResult&) { answered = true; });
  const MonoTime began = loop.clock.now();
  sink.reset();
  EXPECT_LT(loop.clock.now() - began, 5s);
  loop.reactor.turn();
  EXPECT_FALSE(answered);
}

}  // namespace
}  // namespace feedwatch::sinks
