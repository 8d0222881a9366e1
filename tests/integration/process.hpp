#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "feedwatch/base/time.hpp"
#include "scratch.hpp"

/// The product's programs as processes, and what one asks them over HTTP.
namespace feedwatch::integration {

/// A child process. Its output goes to files; it dies with its owner, and with the test program.
class Process {
 public:
  explicit Process(std::vector<std::string> command,
                   std::vector<std::pair<std::string, std::string>> environment = {});
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  void signal(int number) const;
  /// Exit code; 128 + N after signal N. Absent: still running at the limit.
  std::optional<int> wait(Duration limit = 20s);
  bool running() { return !wait(Duration{}).has_value(); }
  std::string out() const;
  std::string err() const;

 private:
  Scratch scratch_;
  pid_t pid_ = -1;
  std::optional<int> code_;
};

/// Runs to its end.
struct Ran {
  int code = -1;  ///< -1: it had to be killed
  std::string out, err;
};
Ran run_feedwatch(std::vector<std::string> arguments);

MonoTime now();
/// Asks again and again until the answer is yes; no once the limit has passed.
bool wait_for(const std::function<bool()>& condition, Duration limit = 30s);

struct Answer {
  int status = 0;  ///< 0: nobody answered
  std::string body;
  nlohmann::json json() const { return nlohmann::json::parse(body, nullptr, false); }
};
Answer http(const std::string& method, const std::string& url, const std::string& body = {},
            const std::string& token = {});
inline Answer get(const std::string& url) {
  return http("GET", url);
}

/// `feedwatch simulate`, listening.
class Simulated {
 public:
  explicit Simulated(std::vector<std::string> arguments);

  const std::string& ws_url() const { return ws_url_; }
  const std::string& rest_url() const { return rest_url_; }
  /// One fault as JSON; fails the test when it is refused.
  void inject(const std::string& fault) const;
  nlohmann::json control() const;

 private:
  Process process_;
  std::string ws_url_, rest_url_;
};

/// `feedwatch run` on a configuration, its API on a port of the kernel's choice.
class Monitored {
 public:
  explicit Monitored(const std::string& configuration,
                     std::vector<std::pair<std::string, std::string>> environment = {});

  Process& process() { return process_; }
  /// Waits until it listens.
  const std::string& url();
  /// Waits for /readyz.
  bool ready();
  nlohmann::json open_alerts();

 private:
  Process process_;
  std::string url_;
};

}  // namespace feedwatch::integration
