#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "feedwatch/app/client.hpp"
#include "feedwatch/base/error.hpp"
#include "feedwatch/base/ports/http_fetch.hpp"
#include "feedwatch/model/stream_key.hpp"

namespace feedwatch::app {

/// A running monitor as a command sees it: ask, wait, have the answer. One thread, blocking; owns
/// a loop of its own. The write token comes from --token-file, else FEEDWATCH_TOKEN, and goes only
/// to this machine or over TLS.
class MonitorClient {
 public:
  explicit MonitorClient(const ClientArgs& args);
  ~MonitorClient();
  MonitorClient(const MonitorClient&) = delete;
  MonitorClient& operator=(const MonitorClient&) = delete;

  /// The answer, whatever its status. The error names the monitor's address and why there is none.
  Result<HttpResponse> get(const std::string& path);
  /// PUT, DELETE: with the token.
  Result<HttpResponse> change(std::string method, const std::string& path, std::string body = {});
  void pause(Duration time);
  MonoTime now() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// "/v1/prices", key → "/v1/prices/kraken/BTC%2FUSD/last".
std::string stream_path(std::string_view list, const StreamKey& key);

/// Everything but letters, digits and -._~ as %XX.
std::string percent_encoded(std::string_view text);

}  // namespace feedwatch::app
