#pragma once

#include <memory>
#include <string>

#include "feedwatch/base/ports/mailbox.hpp"
#include "feedwatch/base/ports/sink.hpp"
#include "feedwatch/sinks/mail_text.hpp"
#include "feedwatch/sinks/worker.hpp"

namespace feedwatch::sinks {

struct EmailOptions {
  std::string name;
  std::string url;  ///< "smtps://host[:465]", or "smtp://host[:587]" which begins TLS in between
  bool tls = true;  ///< false: smtp:// stays in clear, for a relay on this host
  std::string ca_file;
  MailAddresses addresses;
  std::string user, password;  ///< both or none; secret
  Duration timeout = 20s;      ///< of the whole delivery; below the outbox's limit
  Speaker speaker;
};

/// E-mail over SMTP by libcurl, on a thread of its own. A 4xx of the server may pass, a 5xx is a
/// refusal, a refused login means that no mail will be taken. Results hold libcurl's words for the
/// error and the server's number, never what was sent. Owner's thread only.
class EmailSink final : public Sink {
 public:
  EmailSink(EmailOptions options, Mailbox& mailbox);

  const std::string& name() const override { return options_->name; }
  void deliver(const Notification& notification, Done done) override;
  SinkLimits limits() const override { return {.notices = 100, .per_second = 0.5, .burst = 5}; }

 private:
  std::shared_ptr<const EmailOptions> options_;
  Worker worker_;
};

}  // namespace feedwatch::sinks
