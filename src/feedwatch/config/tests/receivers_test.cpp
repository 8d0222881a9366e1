#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/config/print.hpp"
#include "feedwatch/config/tests/sources.hpp"

namespace feedwatch::config {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

const std::string aged = "[aged]\nenabled = true\n";

std::string error_of(const std::string& text) {
  const auto config = load_text(text, "f.toml", sources());
  return config ? "" : config.error().front().text();
}

TEST(DecisionWebhooks, AreReadWithTheirSecretsAndNoneIsPrinted) {
  const SecretDir dir;
  dir.put("bot.token", "canary-token\n");
  dir.put("bot.key", "canary-key\n");
  const std::string text = aged + R"(
[[decision_webhook]]
name = "bot"
url = "https://bot.example.com/canary-path"
token_file = "bot.token"
signing_key_file = "bot.key"
timeout = "2s"
[[decision_webhook]]
url = "http://127.0.0.1:9000/"
)";
  const auto config = load_text(text, "f.toml", sources(), dir.path());
  ASSERT_TRUE(config) << config.error().at(0).text();
  ASSERT_THAT(config->decision_webhooks, SizeIs(2));
  const SinkConfig& bot = config->decision_webhooks[0];
  EXPECT_EQ(bot.name, "bot");
  EXPECT_EQ(bot.url, "https://bot.example.com/canary-path");
  EXPECT_EQ(bot.token, "canary-token");
  EXPECT_EQ(bot.signing_key, "canary-key");
  EXPECT_EQ(bot.timeout, 2s);
  EXPECT_EQ(config->decision_webhooks[1].name, "decisions");
  EXPECT_EQ(config->decision_webhooks[1].timeout, 5s);
  for (const std::string& printed : {print_toml(*config), print_json(*config)}) {
    EXPECT_EQ(printed.find("canary"), printed.npos) << printed;
  }
}

TEST(DecisionWebhooks, MistakesSayWhereAndWhat) {
  const std::string bot = aged + "[[decision_webhook]]\n";
  EXPECT_THAT(error_of(bot), HasSubstr("decision_webhook.url: is missing, and url_file too"));
  EXPECT_THAT(error_of(bot + "url = \"h\"\n"),
              HasSubstr("f.toml:4:7: decision_webhook.url: is not a URL"));
  EXPECT_THAT(error_of(bot + "url = \"http://h/\"\ntimeout = \"1m\"\n"),
              HasSubstr("decision_webhook.timeout: is longer than an attempt may take"));
  EXPECT_THAT(error_of(bot + "url = \"http://h/\"\nname = \"\"\n"),
              HasSubstr("decision_webhook.name: is empty"));
  EXPECT_THAT(error_of(bot + "url = \"http://h/\"\ntoken_file = \"/nowhere\"\n"),
              HasSubstr("decision_webhook.token_file"));
  EXPECT_THAT(error_of(bot + "url = \"http://h/\"\n[[decision_webhook]]\nurl = \"http://i/\"\n"),
              HasSubstr("a decision_webhook \"decisions\" stands at"));
  std::string many = aged;
  for (int i = 0; i < 9; ++i) {
    many += "[[decision_webhook]]\nurl = \"http://h/\"\nname = \"" + std::to_string(i) + "\"\n";
  }
  EXPECT_THAT(error_of(many), HasSubstr("is one of more than 8"));
}

TEST(DecisionWebhooks, WithoutARuleOnlyPositionsWithTheirOwnAreTold) {
  const auto config = load_text("[[decision_webhook]]\nurl = \"http://h/\"\n", "f.toml", sources());
  ASSERT_TRUE(config);
  ASSERT_THAT(config->warnings, SizeIs(1));
  EXPECT_THAT(config->warnings[0].text(), HasSubstr("positions with rules of their own"));
}

}  // namespace
}  // namespace feedwatch::config
