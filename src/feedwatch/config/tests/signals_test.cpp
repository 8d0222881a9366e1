#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/config/print.hpp"
#include "feedwatch/config/tests/sources.hpp"

namespace feedwatch::config {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr std::string_view with_source =
    "[signals]\nurl = \"wss://signals.example.com:8765/s3cret\"\ntoken = \"canary-token\"\n";

Config good(const std::string& text, const Variables& environment = {}) {
  auto config = load_text(text, "f.toml", sources(environment));
  if (!config) throw std::runtime_error(config.error().at(0).text());
  return std::move(*config);
}

std::string error_of(const std::string& text) {
  const auto config = load_text(text, "f.toml", sources());
  return config ? "" : config.error().at(0).text();
}

TEST(ConfigSignals, there_is_no_source_unless_it_is_named) {
  EXPECT_FALSE(good("").signals);
  EXPECT_THAT(good("").pulses, IsEmpty());
}

TEST(ConfigSignals, defaults_and_the_documents_five_minutes) {
  const Config config = good(std::string(with_source));
  ASSERT_TRUE(config.signals);
  EXPECT_EQ(config.signals->pulse, "signals");
  EXPECT_EQ(config.signals->client.target.url, "wss://signals.example.com:8765/s3cret");
  const signals::SessionOptions& session = config.signals->client.session;
  EXPECT_EQ(session.token, "canary-token");
  EXPECT_EQ(session.step_timeout, 5s);
  EXPECT_EQ(session.heartbeat_timeout, 90s);
  EXPECT_EQ(session.quiet_timeout, 300s);
  EXPECT_EQ(session.retry_first, 5s);
  EXPECT_EQ(session.retry_max, 1min);
  EXPECT_EQ(session.rejected_max, 5min);
  EXPECT_EQ(session.stable_after, 1min);
  EXPECT_EQ(session.ask_every, 0s);
  ASSERT_EQ(config.pulses.size(), 1U);
  EXPECT_EQ(config.pulses[0].name, "signals");
  EXPECT_EQ(config.pulses[0].every, 300s);
  EXPECT_THAT(config.warnings, IsEmpty());
}

TEST(ConfigSignals, a_pulse_that_is_described_keeps_its_times) {
  const Config config = good(
      "[signals]\nurl = \"ws://127.0.0.1:8765\"\ntoken = \"t\"\npulse = \"waves\"\n"
      "[[pulse]]\nname = \"waves\"\nevery = \"20m\"\ngrace = \"1m\"\n");
  ASSERT_EQ(config.pulses.size(), 1U);
  EXPECT_EQ(config.pulses[0].every, 20min);
  EXPECT_EQ(config.signals->client.session.quiet_timeout, 21min);
  const Config quick = good(
      "[signals]\nurl = \"ws://127.0.0.1:8765\"\ntoken = \"t\"\n"
      "[[pulse]]\nname = \"signals\"\nevery = \"30s\"\n");
  EXPECT_EQ(quick.signals->client.session.quiet_timeout, 5min);
  const Config scheduled = good(
      "[[pulse]]\nname = \"signals\"\nschedule = [\"06:00\"]\n"
      "[signals]\nurl = \"ws://127.0.0.1:8765\"\ntoken = \"t\"\n");
  EXPECT_EQ(scheduled.signals->client.session.quiet_timeout, 15min);
  const Config never = good(std::string(with_source) + "quiet_timeout = \"0s\"\n");
  EXPECT_EQ(never.signals->client.session.quiet_timeout, 0s);
}

TEST(ConfigSignals, secrets_come_from_a_file_or_a_variable_and_are_never_shown) {
  const SecretDir dir;
  dir.put("token", "canary-token\n");
  const auto config =
      load_text("[signals]\nurl = \"wss://signals.example.com/s3cret\"\ntoken_file = \"token\"\n",
                "f.toml", sources(), dir.path());
  ASSERT_TRUE(config) << config.error().at(0).text();
  EXPECT_EQ(config->signals->client.session.token, "canary-token");
  const Config other = good("[signals]\nurl = \"wss://signals.example.com/s3cret\"\n",
                            {{"FEEDWATCH_SIGNALS_TOKEN", "canary-token"}});
  EXPECT_EQ(other.signals->client.session.token, "canary-token");
  for (const Config* one : {&*config, &other}) {
    for (const std::string& printed : {print_toml(*one), print_json(*one)}) {
      EXPECT_THAT(printed, Not(HasSubstr("canary")));
      EXPECT_THAT(printed, Not(HasSubstr("s3cret")));
      EXPECT_THAT(printed, HasSubstr("wss://signals.example.com/…"));
    }
  }
}

TEST(ConfigSignals, mistakes_have_a_place_and_say_what_to_do) {
  EXPECT_EQ(error_of("[signals]\ntoken = \"canary\"\n"),
            "f.toml:2:9: signals.token: stands without url (set url, or remove it)");
  EXPECT_THAT(error_of("[signals]\nurl = \"ws://127.0.0.1:1\"\n"),
              HasSubstr("signals.token: is missing, and token_file too"));
  EXPECT_THAT(error_of("[signals]\nurl = \"ws://127.0.0.1:1\"\ntoken = \"\"\n"),
              HasSubstr("f.toml:3:9: signals.token: is empty"));
  EXPECT_THAT(error_of("[signals]\nurl = \"ws://h\"\ntoken = \"a\"\ntoken_file = \"b\"\n"),
              HasSubstr("signals.token: stands beside token_file"));
  for (const char* url : {"https://h/s3cret", "", "ws://user:s3cret@h", "wss://"}) {
    const std::string error =
        error_of(std::string("[signals]\ntoken = \"t\"\nurl = \"") + url + "\"\n");
    EXPECT_THAT(error, HasSubstr("f.toml:3:7: signals.url: is no WebSocket URL")) << url;
    EXPECT_THAT(error, Not(HasSubstr("s3cret")));
  }
  EXPECT_THAT(error_of(std::string(with_source) + "retry_max = \"1s\"\n"),
              HasSubstr("signals.retry_max: is below retry_first"));
  EXPECT_THAT(error_of(std::string(with_source) + "rejected_max = \"1s\"\n"),
              HasSubstr("signals.rejected_max: is below retry_first"));
  EXPECT_THAT(error_of(std::string(with_source) + "step_timeout = \"0s\"\n"),
              HasSubstr("zero is too short"));
  EXPECT_THAT(error_of(std::string(with_source) + "pulse = \"\"\n"),
              HasSubstr("signals.pulse: is empty"));
  EXPECT_THAT(error_of(std::string(with_source) + "ca_file = \"/nowhere.pem\"\n"),
              HasSubstr("signals.ca_file: cannot read"));
}

TEST(ConfigSignals, a_token_in_clear_is_warned_about) {
  const Config config =
      good("[signals]\nurl = \"ws://signals.example.com/s3cret\"\ntoken = \"t\"\n");
  ASSERT_EQ(config.warnings.size(), 1U);
  EXPECT_THAT(config.warnings[0].text(), HasSubstr("goes to ws://signals.example.com unencrypted"));
  EXPECT_THAT(good("[signals]\nurl = \"ws://127.0.0.1:1\"\ntoken = \"t\"\n").warnings, IsEmpty());
}

}  // namespace
}  // namespace feedwatch::config
