#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "feedwatch/base/ports/http_fetch.hpp"
#include "feedwatch/base/ports/transport.hpp"

namespace feedwatch::net {

class Reactor;

struct HttpClientOptions {
  std::size_t max_in_flight = 64;  ///< further fetches fail at once and are counted
  std::size_t max_headers = 64U << 10U;
  std::string user_agent = "feedwatch";
};

/// HTTP/1.1 client: one connection per request, TLS as in WsTransport, no redirects, no proxies, no
/// compression. HttpRequest::timeout covers the whole exchange from the name look-up on. The error
/// text says how far it had come: "connecting to 10.0.0.1:443: connection refused".
/// The reactor's thread only. Destruction cancels: no `done` runs afterwards.
class HttpClient final : public HttpFetch {
 public:
  HttpClient(Reactor& reactor, Resolver& resolver, HttpClientOptions options = {});
  ~HttpClient() override;
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  void fetch(HttpRequest request, Done done) override;

  std::size_t in_flight() const;
  std::uint64_t refused() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace feedwatch::net
