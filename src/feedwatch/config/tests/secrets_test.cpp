#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/config/print.hpp"
#include "feedwatch/config/tests/sources.hpp"

namespace feedwatch::config {
namespace {

using ::testing::ElementsAre;

TEST(Secrets, ComeFromFilesAndAreNeverShown) {
  const SecretDir dir;
  const std::string token = dir.put("token", "0123456789abcdef\n");
  dir.put("hook", "  https://hooks.example.com/s3cret?k=v \n");
  const std::string text =
      "[api]\nlisten = \"0.0.0.0:1\"\ntls_cert_file = \"/c\"\n"
      "tls_key_file = \"/k\"\ntoken_file = \"" +
      token +
      "\"\n[[sink]]\ntype = \"webhook\"\nurl_file = \"hook\"\n"
      "[[sink]]\ntype = \"webhook\"\nname = \"b\"\n"
      "url = \"https://b.example.com/s3cret\"\n";
  const auto config = load_text(text, "f.toml", sources(), dir.path());
  ASSERT_TRUE(config) << config.error().at(0).text();
  EXPECT_EQ(config->api.token, "0123456789abcdef");
  EXPECT_FALSE(config->api.loopback);
  EXPECT_EQ(config->sinks[0].url, "https://hooks.example.com/s3cret?k=v");
  for (const std::string& printed : {print_toml(*config), print_json(*config)}) {
    EXPECT_EQ(printed.find("s3cret"), printed.npos) << printed;
    EXPECT_EQ(printed.find("0123456789abcdef"), printed.npos) << printed;
    EXPECT_NE(printed.find("https://b.example.com/…"), printed.npos) << printed;
  }
}

TEST(Secrets, OfEverySinkComeFromFilesAndAreNeverShown) {
  const SecretDir dir;
  for (const char* name : {"bot", "routing", "bearer", "signing", "password"}) {
    dir.put(name, fmt::format("canary-{}\n", name));
  }
  const std::string text = R"(
[alerts]
allow_exec = true
external_url = "https://monitor.example.com"
[[sink]]
type = "telegram"
token_file = "bot"
chat = "@ops"
thread = 7
[[sink]]
type = "pagerduty"
token_file = "routing"
severity = "critical"
[[sink]]
type = "webhook"
url = "https://hooks.example.com/canary-path"
token_file = "bearer"
signing_key_file = "signing"
match = ["venue=binance-*", "alertname=price_staleness"]
per_minute = 30
burst = 2
[[sink]]
type = "email"
url = "smtp://mail.example.com"
from = "feedwatch@example.com"
to = ["a@example.com", "b@example.com"]
user = "u"
password_file = "password"
[[sink]]
type = "exec"
command = ["/bin/true", "x"]
timeout = "2s"
)";
  const auto config = load_text(text, "f.toml", sources(), dir.path());
  ASSERT_TRUE(config) << config.error().at(0).text();
  const auto& sinks = config->sinks;
  ASSERT_EQ(sinks.size(), 5U);
  EXPECT_EQ(sinks[0].token + " " + sinks[0].url, "canary-bot https://api.telegram.org");
  EXPECT_EQ(sinks[0].thread, 7);
  EXPECT_EQ(sinks[1].token, "canary-routing");
  EXPECT_TRUE(sinks[1].critical_only);
  EXPECT_EQ(sinks[2].token + " " + sinks[2].signing_key, "canary-bearer canary-signing");
  EXPECT_EQ(sinks[2].match.at(0), std::pair(std::string("venue"), std::string("binance-*")));
  EXPECT_EQ(sinks[2].per_minute, 30);
  EXPECT_EQ(sinks[3].password, "canary-password");
  EXPECT_EQ(sinks[3].timeout, 20s);
  EXPECT_TRUE(sinks[3].tls);
  EXPECT_THAT(sinks[4].command, ElementsAre("/bin/true", "x"));
  EXPECT_EQ(config->external_url, "https://monitor.example.com");
  for (const std::string& printed : {print_toml(*config), print_json(*config)}) {
    EXPECT_EQ(printed.find("canary"), printed.npos) << printed;
  }
  EXPECT_EQ(config->warnings.size(), 5U) << "the files are readable for everybody";
  EXPECT_NE(config->warnings.at(0).text().find("(take that away with chmod o-r)"),
            std::string::npos);
  for (const Error& warning : config->warnings) {
    EXPECT_EQ(warning.text().find("canary"), std::string::npos) << warning.text();
  }
}

TEST(Secrets, CredentialsDirectoryComesFirst) {
  const SecretDir beside;
  const SecretDir credentials;
  beside.put("hook", "https://beside.example.com/");
  credentials.put("hook", "https://credentials.example.com/");
  const auto config =
      load_text("[[sink]]\ntype = \"webhook\"\nurl_file = \"hook\"\n", "f.toml",
                sources({{"CREDENTIALS_DIRECTORY", credentials.path().string()}}), beside.path());
  ASSERT_TRUE(config);
  EXPECT_EQ(config->sinks[0].url, "https://credentials.example.com/");
}

TEST(Secrets, APasswordOfPostgresqlIsNamedNotRead) {
  const SecretDir dir;
  const std::string file = dir.put("password", "sesame\n");
  const std::string text =
      "[store]\nurl = \"postgresql://me@h/d?sslmode=require\"\npassword_file = \"" + file + "\"\n";
  const auto config = load_text(text, "f.toml", sources(), dir.path());
  ASSERT_TRUE(config) << config.error().at(0).text();
  EXPECT_EQ(config->store.url, "postgresql://me@h/d?sslmode=require");
  EXPECT_EQ(config->store.password_file, file);
  EXPECT_EQ(print_toml(*config).find("sesame"), std::string::npos);
}

TEST(Secrets, BadOnesAreRefusedWithoutTheirContent) {
  const SecretDir dir;
  const auto error = [&](const std::string& text) {
    const auto config = load_text(text, "f.toml", sources(), dir.path());
    return config ? "no error" : config.error().at(0).text();
  };
  dir.put("hook", "s3cret");
  dir.put("empty", " \n");
  dir.put("short", "0123456789abcde");
  dir.put("large", std::string(4097, 'x'));
  EXPECT_EQ(error("[[sink]]\ntype = \"webhook\"\nurl_file = \"hook\"\n"),
            "f.toml:3:12: sink.url_file: holds no URL (write http://host[:port][/path] or "
            "https://…, without credentials)");
  EXPECT_EQ(error("[api]\ntoken_file = \"empty\"\n"), "f.toml:2:14: api.token_file: \"" +
                                                          (dir.path() / "empty").string() +
                                                          "\" is empty (put the secret into it)");
  EXPECT_EQ(error("[api]\ntoken_file = \"short\"\n"),
            "f.toml:2:14: api.token_file: its token is too short or holds blanks (use at least 16 "
            "visible characters)");
  EXPECT_NE(error("[api]\ntoken_file = \"large\"\n").find("is too large for a secret"),
            std::string::npos);
  EXPECT_NE(error("[api]\ntoken_file = \"/\"\n").find("cannot read \"/\""), std::string::npos);
}

}  // namespace
}  // namespace feedwatch::config
