// The monitor is stopped for ten seconds while the exchange goes on: what waits in the sockets is
// old when it is read, however young it looks.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <map>
#include <sstream>

#include "process.hpp"

namespace feedwatch::integration {
namespace {

constexpr Duration milliseconds_of_venue = 2ms;  ///< its times have no more digits

struct Verdict {
  MonoTime at;
  std::string stream;
  bool accepted = false;
  Duration age{};  ///< true age of an accepted price
  std::string refusal;
};

std::vector<Verdict> verdicts_of(const std::string& out) {
  std::vector<Verdict> verdicts;
  std::istringstream lines(out.substr(0, out.rfind('\n') + 1));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::int64_t at = 0;
    Verdict verdict;
    std::string word;
    words >> at >> verdict.stream >> word;
    verdict.at = mono_from_ns(at);
    verdict.accepted = word == "accepted";
    if (verdict.accepted) {
      std::int64_t age = 0;
      words >> age;
      verdict.age = Duration(age);
    } else {
      words >> verdict.refusal;
    }
    verdicts.push_back(verdict);
  }
  return verdicts;
}

/// First and last verdict about each stream that was asked for from `since` on.
std::map<std::string, std::pair<Verdict, Verdict>> around(const std::vector<Verdict>& verdicts,
                                                          MonoTime since) {
  std::map<std::string, std::pair<Verdict, Verdict>> found;
  for (const Verdict& verdict : verdicts) {
    if (verdict.at < since) continue;
    found.try_emplace(verdict.stream, verdict, verdict).first->second.second = verdict;
  }
  return found;
}

class Suspend : public testing::TestWithParam<const char*> {};

TEST_P(Suspend, AGuardOfFiveSecondsTakesNoPriceFromTheBacklog) {
  const std::string venue = GetParam();
  const bool binance = venue == "binance-usdm";
  const Simulated exchange(
      {"--venue", venue, "--symbols", "BTCUSDT,ETHUSDT,SOLUSDT", "--rate", "30"});
  const Scratch scratch;
  std::vector<std::string> command{FEEDWATCH_GUARD_PROBE, venue, exchange.ws_url(),
                                   exchange.rest_url(), scratch.path()};
  for (const char* symbol : {"BTCUSDT", "ETHUSDT", "SOLUSDT"}) {
    command.push_back(std::string(symbol) + "/quote");
    command.push_back(std::string(symbol) + (binance ? "/mark" : "/last"));
  }
  Process probe(command);
  const auto all_accepted = [&](MonoTime since) {
    const auto streams = around(verdicts_of(probe.out()), since);
    return streams.size() == 6 && std::ranges::all_of(streams, [](const auto& stream) {
             return stream.second.second.accepted;
           });
  };
  ASSERT_TRUE(wait_for([&] { return all_accepted({}); })) << probe.err();

  probe.signal(SIGSTOP);
  const MonoTime stopped = now();
  wait_for([] { return false; }, 10s);  // the duration is what is tested
  const MonoTime woken = now();
  probe.signal(SIGCONT);
  EXPECT_TRUE(wait_for([&] { return all_accepted(woken); }, 10s)) << "no fresh price came";

  // What was being asked when the process stopped is answered by the clock of that moment; what the
  // exchange published after it may be there already when the first question comes.
  const auto verdicts = verdicts_of(probe.out());
  for (const auto& [stream, ends] : around(verdicts, woken)) {
    const Verdict& first = ends.first;
    EXPECT_TRUE(!first.accepted || first.at - first.age >= woken - milliseconds_of_venue)
        << stream << " was given out at once, age " << to_seconds(ends.first.age) << " s";
  }
  Duration worst{};
  std::size_t accepted = 0;
  for (const Verdict& verdict : verdicts) {
    if (!verdict.accepted) continue;
    worst = std::max(worst, verdict.age);
    accepted += verdict.at > woken;
  }
  EXPECT_GT(accepted, 0U);
  EXPECT_LE(worst, 5s + milliseconds_of_venue);
  EXPECT_GE(woken - stopped, 10s);
}

INSTANTIATE_TEST_SUITE_P(Venues, Suspend, testing::Values("binance-usdm", "bybit-linear"),
                         [](const auto& instance) {
                           return instance.param == std::string_view("binance-usdm") ? "binance"
                                                                                     : "bybit";
                         });

}  // namespace
}  // namespace feedwatch::integration
