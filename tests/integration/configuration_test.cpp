// Bad input: the exit code, and a message that names what, where and what to do.

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <ostream>

#include "process.hpp"

namespace feedwatch::integration {
namespace {

using testing::HasSubstr;

constexpr int failure = 1, usage = 2, configuration = 3;

struct Mistake {
  std::string name;
  std::string toml;
  std::vector<std::string> told;  ///< words the message must have, beside the file's name
};

void PrintTo(const Mistake& mistake, std::ostream* out) {
  *out << mistake.name;
}

std::string venue(std::string_view lines) {
  return fmt::format("[[venue]]\nname = \"binance-usdm\"\n{}\n", lines);
}

const std::vector<Mistake> mistakes{
    {"MalformedToml", "preset = \"tight\"\n[[venue\n", {":2"}},
    {"UnknownKey", venue("stream = [\"BTCUSDT/mark\"]"), {":3", "stream", "streams"}},
    {"UnknownTable", "[stor]\nurl = \"x\"\n", {":1", "stor", "store"}},
    {"DuplicateKey", venue("url = \"ws://a\"\nurl = \"ws://b\""), {":4", "url"}},
    {"BadUnit", "[[policy]]\nmatch = \"*\"\nstale_after = \"10 parsecs\"\n", {":3", "stale_after"}},
    {"BadWord", "preset = \"tigth\"\n", {":1", "preset", "tight"}},
    {"VenueUrl", venue("url = \"not a url\""), {":3", "url", "wss://"}},
    {"UnknownVenue", "[[venue]]\nname = \"nowhere\"\n", {":", "nowhere", "binance-usdm"}},
    {"UnknownKind", venue("streams = [\"BTCUSDT/lost\"]"), {":3", "lost", "mark"}},
    {"KindTheVenueLacks",
     "[[venue]]\nname = \"binance-spot\"\nstreams = [\"BTCUSDT/mark\"]\n",
     {":3", "mark", "last"}},
    {"StoreUrl", "[store]\nurl = \"mysql://host/db\"\n", {":2", "sqlite://"}},
    {"OpenApi", "[api]\nlisten = \"0.0.0.0:0\"\n", {":2", "tls_cert_file", "token_file"}},
};

class Configuration : public testing::TestWithParam<Mistake> {};

TEST_P(Configuration, IsRefusedByNameAndPlace) {
  const Scratch scratch;
  const std::string file = scratch.write("feedwatch.toml", GetParam().toml);
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"run", "-c", file}, {"config", "check", "-c", file}}) {
    const Ran ran = run_feedwatch(command);
    EXPECT_EQ(ran.code, configuration) << ran.err;
    EXPECT_TRUE(ran.err.starts_with("feedwatch: ")) << ran.err;
    EXPECT_THAT(ran.err, HasSubstr(file));
    for (const std::string& word : GetParam().told) EXPECT_THAT(ran.err, HasSubstr(word));
    EXPECT_EQ(ran.out, "");
  }
}

INSTANTIATE_TEST_SUITE_P(Mistakes, Configuration, testing::ValuesIn(mistakes),
                         [](const auto& instance) { return instance.param.name; });

/// A run that gets as far as the machine, with a store of its own.
class Machine : public testing::Test {
 protected:
  Ran run(const std::vector<std::string>& set) const {
    std::vector<std::string> command{"run"};
    std::vector<std::string> all{"api.listen=127.0.0.1:0",
                                 "store.state_dir=" + scratch_.path().string()};
    all.insert(all.end(), set.begin(), set.end());
    for (const std::string& one : all) {
      command.emplace_back("--set");
      command.push_back(one);
    }
    return run_feedwatch(command);
  }
  static void expect_refused(const Ran& ran, const std::vector<std::string>& told) {
    EXPECT_EQ(ran.code, configuration) << ran.err;
    EXPECT_THAT(ran.err, HasSubstr("feedwatch: "));
    for (const std::string& word : told) EXPECT_THAT(ran.err, HasSubstr(word));
  }
  Scratch scratch_;
};

TEST_F(Machine, PortInUse) {
  const int taken = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  ASSERT_EQ(::bind(taken, any, size), 0);
  ASSERT_EQ(::listen(taken, 1), 0);
  ASSERT_EQ(::getsockname(taken, any, &size), 0);
  const std::string endpoint = fmt::format("127.0.0.1:{}", ntohs(address.sin_port));
  expect_refused(run({"api.listen=" + endpoint}), {endpoint, "in use"});
  ::close(taken);
}

TEST_F(Machine, StateDirectoryUnderAFile) {
  const std::string file = scratch_.write("file", "I am no directory");
  expect_refused(run({"store.state_dir=" + file + "/state"}), {file + "/state"});
}

TEST_F(Machine, DatabaseThatIsNone) {
  const std::string file = scratch_.write("notes.txt", std::string(4096, 'x'));
  expect_refused(run({"store.url=sqlite://" + file}), {file, "not a database"});
}

TEST_F(Machine, FileThatIsNotThere) {
  expect_refused(run_feedwatch({"run", "-c", scratch_.file("none.toml")}),
                 {scratch_.file("none.toml")});
}

TEST(Usage, MistakesOnTheCommandLineAreTold) {
  const std::vector<std::vector<std::string>> commands{
      {"nonsense"},
      {"run", "--nonsense"},
      {"run", "--set", "preset"},
      {"price"},
      {"price", "BTCUSDT", "--max-age", "5s"},
      {"price", "binance-usdm/BTCUSDT/mark", "--max-age", "soon"},
      {"watch", "binance-usdm/BTCUSDT/lost"},
      {"demo", "--for", "soon"},
      {"decode", "--venue", "nowhere"}};
  for (const auto& command : commands) {
    const Ran ran = run_feedwatch(command);
    EXPECT_EQ(ran.code, usage) << command.at(0) << ": " << ran.err;
    EXPECT_TRUE(ran.err.starts_with("feedwatch: ")) << ran.err;
    EXPECT_EQ(ran.out, "") << command.at(0);
  }
}

TEST(Usage, WhatFailsAtRunTimeExitsOne) {
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"status", "--api", "http://127.0.0.1:1"},
        {"price", "binance-usdm/BTCUSDT/mark", "--max-age", "5s", "--api", "http://127.0.0.1:1"},
        {"simulate", "--venue", "binance-usdm", "--replay", "/no/such"},
        {"decode", "--venue", "binance-usdm", "/no/such"}}) {
    const Ran ran = run_feedwatch(command);
    EXPECT_EQ(ran.code, failure) << command.at(0) << ": " << ran.err;
    EXPECT_TRUE(ran.err.starts_with("feedwatch: ")) << ran.err;
  }
}

TEST(Usage, HelpAndVersionAreNoMistakes) {
  const Ran help = run_feedwatch({"--help"});
  EXPECT_EQ(help.code, 0);
  EXPECT_THAT(help.out, HasSubstr("simulate"));
  const Ran version = run_feedwatch({"version"});
  EXPECT_EQ(version.code, 0);
  EXPECT_TRUE(version.out.starts_with("feedwatch ")) << version.out;
}

}  // namespace
}  // namespace feedwatch::integration
