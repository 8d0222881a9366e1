#include "feedwatch/sinks/log.hpp"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/sinks/wording.hpp"

namespace feedwatch::sinks {

struct LogSink::Answers {
  std::vector<Done> waiting;
};

LogSink::LogSink(std::string name, Write write, Mailbox& mailbox)
    : name_(std::move(name)),
      write_(std::move(write)),
      mailbox_(mailbox),
      answers_(std::make_shared<Answers>()) {}

void LogSink::deliver(const Notification& notification, Done done) {
  // Messages hold symbols and venues' words: quoted, so that a line stays one line.
  for (const Notice& notice : notification.notices) {
    write_(fmt::format("alert {} id={} {}", notice.resolved() ? "resolved" : "firing",
                       json_quoted(notice.key), json_quoted(summary_of(notice))));
  }
  if (notification.truncated() > 0) {
    write_(fmt::format("alert {} {}", json_quoted(headline(notification)),
                       rest_line(notification.truncated())));
  }
  answers_->waiting.push_back(std::move(done));
  const bool posted = mailbox_.post([answers = answers_] {
    for (Done& each : std::exchange(answers->waiting, {})) each({});
  });
  if (!posted) ++postponed_;
}

}  // namespace feedwatch::sinks
