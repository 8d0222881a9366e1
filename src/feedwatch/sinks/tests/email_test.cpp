#include "feedwatch/sinks/email.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/net/tests/certificates.hpp"
#include "feedwatch/sinks/tests/fake_smtp.hpp"
#include "feedwatch/sinks/tests/loop.hpp"
#include "feedwatch/sinks/tests/mail_reader.hpp"

namespace feedwatch::sinks {
namespace {

using Status = SinkResult::Status;
using ::testing::HasSubstr;
using ::testing::Not;

class Email : public testing::Test {
 protected:
  static EmailOptions options(const FakeSmtp& server) {
    return {.name = "mail",
            .url = server.url(),
            .tls = false,
            .ca_file = {},
            .addresses = {"feedwatch@example.com", {"a@example.com", "b@example.com"}},
            .user = {},
            .password = {},
            .timeout = 2s,
            .speaker = {}};
  }
  SinkResult attempt(const EmailOptions& made) {
    EmailSink sink(made, loop.reactor);
    return loop.deliver(sink).value_or(SinkResult{Status::failed, "no answer at all", {}});
  }

  Loop loop;
};

TEST_F(Email, Arrives) {
  FakeSmtp server;
  const SinkResult result = attempt(options(server));
  EXPECT_EQ(result.status, Status::delivered) << result.detail;
  EXPECT_THAT(server.lines(),
              testing::IsSupersetOf({"MAIL FROM:<feedwatch@example.com>", "RCPT TO:<a@example.com>",
                                     "RCPT TO:<b@example.com>", "DATA"}));
  const Notification message = message_of({btc()});
  EXPECT_EQ(server.message(), mail_message(message, options(server).addresses, {}));
  EXPECT_THAT(read_mail(server.message()).body, HasSubstr("BTCUSDT"));
}

TEST_F(Email, LogsInAndNeverSaysWithWhat) {
  FakeSmtp server({}, "AUTH PLAIN");
  EmailOptions made = options(server);
  made.user = "canary-user";
  made.password = "canary-password";
  EXPECT_EQ(attempt(made).status, Status::delivered);
  EXPECT_THAT(server.lines(), testing::Contains(HasSubstr("AUTH PLAIN")));

  FakeSmtp strict({{"AUTH", "535 canary-password is wrong"}}, "AUTH PLAIN");
  made.url = strict.url();
  const SinkResult refused = attempt(made);
  EXPECT_EQ(refused.status, Status::gone);
  EXPECT_THAT(refused.detail, Not(HasSubstr("canary")));
}

TEST_F(Email, RepliesDecide) {
  const auto answer = [&](FakeSmtp::Replies replies) {
    FakeSmtp server(std::move(replies));
    return attempt(options(server));
  };
  EXPECT_EQ(answer({{"RCPT", "550 nobody of that name"}}).status, Status::failed);
  EXPECT_THAT(answer({{"RCPT", "550 nobody"}}).detail, HasSubstr("SMTP 550"));
  EXPECT_EQ(answer({{"RCPT", "451 later"}}).status, Status::retry);
  EXPECT_EQ(answer({{"GREETING", "421 busy"}}).status, Status::retry);
  EXPECT_EQ(answer({{"END", "552 too large"}}).status, Status::failed);
  EXPECT_EQ(answer({{"DATA", "close"}}).status, Status::retry);
  EXPECT_EQ(answer({{"MAIL", ""}}).status, Status::retry) << "hangs";
}

TEST_F(Email, StaysSilentWhereTlsIsWantedAndNotOffered) {
  FakeSmtp server({}, "AUTH PLAIN");
  EmailOptions made = options(server);
  made.tls = true;
  made.user = "u";
  made.password = "canary";
  EXPECT_EQ(attempt(made).status, Status::retry);
  EXPECT_THAT(server.lines(), Not(testing::Contains(HasSubstr("AUTH PLAIN"))));
  EXPECT_THAT(server.lines(), Not(testing::Contains(HasSubstr("MAIL"))));
}

/// A server whose certificate names it, or another one.
class EmailTls : public Email {
 protected:
  explicit EmailTls(const std::string& names = "IP:127.0.0.1") : certificates(names) {}
  FakeSmtp::Tls tls(bool from_start) const {
    return {.cert = certificates.cert(), .key = certificates.key(), .from_start = from_start};
  }
  EmailOptions secret(const FakeSmtp& server) const {
    EmailOptions made = options(server);
    made.tls = true;
    made.ca_file = certificates.ca();
    made.user = "u";
    made.password = "canary";
    return made;
  }

  net::testing::Certificates certificates;
};

TEST_F(EmailTls, GoesOverToTlsBeforeAnythingIsSaid) {
  FakeSmtp server({}, "AUTH PLAIN", tls(false));
  const SinkResult result = attempt(secret(server));
  EXPECT_EQ(result.status, Status::delivered) << result.detail;
  EXPECT_THAT(server.in_clear(), testing::ElementsAre(HasSubstr("EHLO"), "STARTTLS"));
  EXPECT_THAT(server.lines(), testing::Contains(HasSubstr("AUTH PLAIN")));
  EXPECT_THAT(read_mail(server.message()).body, HasSubstr("BTCUSDT"));
}

TEST_F(EmailTls, SpeaksTlsFromTheStart) {
  FakeSmtp server({}, "AUTH PLAIN", tls(true));
  const SinkResult result = attempt(secret(server));
  EXPECT_EQ(result.status, Status::delivered) << result.detail;
  EXPECT_THAT(server.in_clear(), testing::IsEmpty());
}

TEST_F(EmailTls, TrustsNobodyItDoesNotKnow) {
  for (const bool from_start : {true, false}) {
    FakeSmtp server({}, "AUTH PLAIN", tls(from_start));
    EmailOptions made = secret(server);
    made.ca_file.clear();  // the system's authorities do not know this one
    const SinkResult result = attempt(made);
    EXPECT_EQ(result.status, Status::retry);
    EXPECT_THAT(result.detail, HasSubstr("certificate"));
    EXPECT_THAT(server.lines(), testing::IsEmpty()) << from_start;
  }
}

class EmailOfAnother : public EmailTls {
 protected:
  EmailOfAnother() : EmailTls("DNS:mail.example.com") {}
};

TEST_F(EmailOfAnother, IsToldNothing) {
  FakeSmtp server({}, "AUTH PLAIN", tls(true));
  EXPECT_EQ(attempt(secret(server)).status, Status::retry);
  EXPECT_THAT(server.lines(), testing::IsEmpty());
}

TEST_F(Email, GoesAwayDuringAnAttempt) {
  FakeSmtp server(FakeSmtp::Replies{{"GREETING", ""}});
  auto sink = std::make_unique<EmailSink>(options(server), loop.reactor);
  sink->deliver(message_of({btc()}), [](const SinkResult&) { FAIL(); });
  const MonoTime began = loop.clock.now();
  sink.reset();
  EXPECT_LT(loop.clock.now() - began, 2s);
  loop.reactor.turn();
}

}  // namespace
}  // namespace feedwatch::sinks
