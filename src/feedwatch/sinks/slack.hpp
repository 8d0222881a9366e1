#pragma once

#include <string>

#include "feedwatch/base/ports/http_fetch.hpp"
#include "feedwatch/base/ports/sink.hpp"
#include "feedwatch/sinks/post.hpp"

namespace feedwatch::sinks {

struct SlackOptions {
  std::string name;
  Endpoint endpoint;  ///< the incoming webhook's URL, a secret
};

/// `{"text":"…"}` with `&`, `<` and `>` escaped: a symbol named `<!channel>` pages nobody. At most
/// 3,000 characters.
std::string slack_body(const Notification& notification);

/// A Slack incoming webhook (or one that speaks like it). 403, 404 and 410 mean that the webhook or
/// its channel is gone. Owner's thread only; `http` must outlive it; may be destroyed while an
/// attempt is under way.
class SlackSink final : public Sink {
 public:
  SlackSink(SlackOptions options, HttpFetch& http) : options_(std::move(options)), http_(http) {}

  const std::string& name() const override { return options_.name; }
  void deliver(const Notification& notification, Done done) override;
  SinkLimits limits() const override { return {.notices = 20, .per_second = 1, .burst = 1}; }

 private:
  SlackOptions options_;
  HttpFetch& http_;
};

}  // namespace feedwatch::sinks
