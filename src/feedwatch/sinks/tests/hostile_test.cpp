#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "feedwatch/alert/payload.hpp"
#include "feedwatch/base/tests/test_data.hpp"
#include "feedwatch/sinks/alertmanager.hpp"
#include "feedwatch/sinks/log.hpp"
#include "feedwatch/sinks/mail_text.hpp"
#include "feedwatch/sinks/pagerduty.hpp"
#include "feedwatch/sinks/slack.hpp"
#include "feedwatch/sinks/telegram.hpp"
#include "feedwatch/sinks/tests/fakes.hpp"
#include "feedwatch/sinks/tests/mail_reader.hpp"
#include "feedwatch/sinks/webhook.hpp"

/// Every naughty string as symbol, label and message through every wording, read back by parsers
/// that are not ours.
namespace feedwatch::sinks {
namespace {

using nlohmann::json;

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size()) {
    text.replace(at, what.size(), with);
  }
  return text;
}

std::string unescaped(std::string text) {
  text = replaced(std::move(text), "&lt;", "<");
  text = replaced(std::move(text), "&gt;", ">");
  return replaced(std::move(text), "&amp;", "&");
}

Notice naughty(const std::string& text) {
  Notice notice = btc();
  notice.labels = {{"symbol", text}, {"venue", "v" + text}};
  notice.message = text;
  notice.identity = "price_staleness{symbol=" + text + "}";
  return notice;
}

/// What a chat shows: one line of a bounded length.
std::string shown(const std::string& text) {
  return cut_points(one_line("[FIRING critical] " + text), 500);
}

class Naughty : public ::testing::Test {
 protected:
  static std::vector<std::string> strings() {
    std::ifstream in(testing::test_data_path("hostile/blns/blns.json"));
    return json::parse(in).get<std::vector<std::string>>();
  }
};

TEST_F(Naughty, ReadBackEqual) {
  FEEDWATCH_NEEDS_DATA(testing::test_data_path("hostile/blns/blns.json"));
  const auto all = strings();
  ASSERT_EQ(all.size(), 515U);
  for (const std::string& text : all) {
    const Notice notice = naughty(text);
    const Notification message = message_of({notice});

    EXPECT_EQ(alert::read_notice(alert::notice_record(notice)), notice) << text;
    EXPECT_EQ(json::parse(alert::notice_record(notice)).at("message"), text);

    const json webhook = json::parse(webhook_body(message, "ops", {}));
    EXPECT_EQ(webhook.at("alerts").at(0).at("labels").at("symbol"), text);
    EXPECT_EQ(webhook.at("alerts").at(0).at("annotations").at("summary"), text);

    const json manager = json::parse(alertmanager_body(message, {})).at(0);
    EXPECT_EQ(manager.at("labels").value("symbol", ""), text);
    EXPECT_EQ(manager.at("annotations").at("summary"), text);

    const json pager = json::parse(pagerduty_body(notice, {.routing_key = "k"}));
    EXPECT_EQ(pager.at("payload").at("custom_details").at("labels").at("symbol"), text);
    EXPECT_EQ(pager.at("payload").at("summary"), text.empty() ? notice.name : text);

    const std::string slack = json::parse(slack_body(message)).at("text");
    EXPECT_EQ(slack.find_first_of("<>\n"), std::string::npos) << slack;
    EXPECT_EQ(unescaped(slack), shown(text));

    EXPECT_EQ(json::parse(telegram_body(message, {.chat = "1"})).at("text"), shown(text));
  }
}

TEST_F(Naughty, InTheLogALineStaysALineAndReadsBack) {
  FEEDWATCH_NEEDS_DATA(testing::test_data_path("hostile/blns/blns.json"));
  QueueMailbox mailbox;
  std::vector<std::string> lines;
  LogSink sink("log", [&](std::string_view line) { lines.emplace_back(line); }, mailbox);
  for (const std::string& text : strings()) {
    lines.clear();
    sink.deliver(message_of({naughty(text)}), [](const SinkResult&) {});
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_EQ(lines[0].find_first_of("\r\n\x1b"), std::string::npos);
    const std::size_t quoted = lines[0].find(" \"[FIRING") + 1;
    EXPECT_EQ(json::parse(lines[0].substr(quoted)), "[FIRING critical] " + text);
  }
}

TEST_F(Naughty, NoneIsAHeaderOfAMailAndAllReadBack) {
  FEEDWATCH_NEEDS_DATA(testing::test_data_path("hostile/blns/blns.json"));
  const MailAddresses addresses{"feedwatch@example.com", {"ops@example.com"}};
  for (const std::string& text : strings()) {
    const ReadMail mail = read_mail(mail_message(message_of({naughty(text)}), addresses, {}));
    EXPECT_EQ(mail.headers.size(), 10U) << text;
    EXPECT_EQ(mail.headers.at("Subject"), cut_points(one_line("[FIRING critical] " + text), 200));
    EXPECT_EQ(mail.body.substr(0, mail.body.find("\r\n")), one_line("[FIRING critical] " + text));
  }
}

}  // namespace
}  // namespace feedwatch::sinks
