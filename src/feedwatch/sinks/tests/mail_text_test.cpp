#include "feedwatch/sinks/mail_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/sinks/tests/fakes.hpp"
#include "feedwatch/sinks/tests/mail_reader.hpp"

namespace feedwatch::sinks {
namespace {

const MailAddresses addresses{"feedwatch@example.com", {"a@example.com", "b@example.com"}};

TEST(MailText, AWholeMessage) {
  const std::string text = mail_message(message_of({btc()}), addresses, {"mon-1", "http://m"});
  const std::string headers = text.substr(0, text.find("Message-ID"));
  EXPECT_EQ(headers,
            "Date: Sun, 22 Nov 2026 07:40:05 +0000\r\n"
            "From: feedwatch@example.com\r\n"
            "To: a@example.com,\r\n b@example.com\r\n"
            "Subject: =?UTF-8?B?W0ZJUklORyBjcml0aWNhbF0gYmluYW5jZS11c2RtL0JUQ1VTRFQvbWFyayBp?=\r\n"
            " =?UTF-8?B?cyBzdGFsZTogYWdlIDMxMi40cywgbGltaXQgMzAwcw==?=\r\n");
  const ReadMail mail = read_mail(text);
  EXPECT_EQ(mail.headers.at("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(mail.headers.at("Auto-Submitted"), "auto-generated");
  EXPECT_EQ(mail.body,
            "[FIRING critical] binance-usdm/BTCUSDT/mark is stale: age 312.4s, limit 300s\r\n\r\n"
            "price_staleness{symbol=\"BTCUSDT\",venue=\"binance-usdm\"}\r\n"
            "  since 2026-11-22T07:40:00.123Z\r\n  http://m/v1/alerts/a1\r\n\r\n-- \r\nmon-1\r\n");
}

TEST(MailText, EveryAttemptIsTheSameMessageAndAGroupAThread) {
  const auto headers_of = [](const Notification& message) {
    return read_mail(mail_message(message, addresses, {})).headers;
  };
  Notification again = message_of({btc()});
  again.sent_at += 1h;
  const auto first = headers_of(message_of({btc()}));
  const auto second = headers_of(again);
  const auto other = headers_of(message_of({ended(btc())}));
  EXPECT_EQ(first.at("Message-ID"), second.at("Message-ID"));
  EXPECT_NE(first.at("Message-ID"), other.at("Message-ID"));
  EXPECT_EQ(first.at("References"), other.at("References"));
  EXPECT_THAT(first.at("Message-ID"),
              testing::MatchesRegex("<[0-9a-f]{32}.feedwatch@example.com>"));
}

TEST(MailText, NothingBeginsAHeader) {
  Notice hostile = btc();
  hostile.message = "x\r\nBcc: all@example.com\r\n\r\nbody";
  const MailAddresses forged{"a@b\r\nBcc: c@d", {"e@f\nCc: g@h"}};
  const ReadMail mail = read_mail(mail_message(message_of({hostile}), forged, {}));
  EXPECT_FALSE(mail.headers.contains("Bcc"));
  EXPECT_FALSE(mail.headers.contains("Cc"));
  EXPECT_EQ(mail.headers.at("Subject"), "[FIRING critical] x  Bcc: all@example.com    body");
}

TEST(MailText, Dates) {
  EXPECT_EQ(mail_date(wall_from_ns(0)), "Thu, 01 Jan 1970 00:00:00 +0000");
  EXPECT_EQ(mail_date(wall_from_ns(951'782'399'999'999'999)), "Mon, 28 Feb 2000 23:59:59 +0000");
}

}  // namespace
}  // namespace feedwatch::sinks
