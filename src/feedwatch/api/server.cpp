#include "feedwatch/api/server.hpp"

#include <utility>

#include "feedwatch/api/routes.hpp"
#include "feedwatch/net/http_server.hpp"
#include "feedwatch/net/reactor.hpp"

namespace feedwatch::api {

namespace {

bool loopback(const std::string& address) {
  return address.starts_with("127.") || address == "::1";
}

Result<void> check(const ApiOptions& options) {
  if (loopback(options.address)) return {};
  if (!options.cert_file.empty() && !options.key_file.empty() && !options.token.empty()) return {};
  return std::unexpected(Error{.what = "listen on " + options.address,
                               .why = "an address others can reach needs TLS and a token",
                               .fix = "set api.tls_cert_file, api.tls_key_file and api.token_file, "
                                      "or listen on 127.0.0.1"});
}

/// The address itself is one of our names.
std::string own_name(const ApiOptions& options) {
  const bool v6 = options.address.find(':') != std::string::npos;
  return v6 ? "[" + options.address + "]" : options.address;
}

}  // namespace

struct ApiServer::Impl {
  Impl(const ApiOptions& api_options, ApiPorts ports)
      : options(api_options), routes(api_options, std::move(ports)) {}

  ApiOptions options;
  Routes routes;
  std::unique_ptr<net::HttpServer> server;  // last: its handlers use the routes
};

ApiServer::ApiServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ApiServer::~ApiServer() = default;

Result<std::unique_ptr<ApiServer>> ApiServer::listen(net::Reactor& reactor, ApiOptions options,
                                                     ApiPorts ports) {
  if (auto checked = check(options); !checked) return std::unexpected(checked.error());
  options.allowed_hosts.push_back(own_name(options));
  auto impl = std::make_unique<Impl>(options, std::move(ports));
  net::HttpServerOptions server;
  server.address = options.address;
  server.port = options.port;
  server.cert_file = options.cert_file;
  server.key_file = options.key_file;
  server.max_connections = 256;
  server.max_body = 256U << 10U;  // a list of about a thousand positions
  server.idle_limit = 30s;
  net::HttpHandlers handlers;
  handlers.on_request = [routes = &impl->routes](net::Request request, net::Responder respond) {
    routes->handle(std::move(request), std::move(respond));
  };
  auto listening = net::HttpServer::listen(reactor, server, std::move(handlers));
  if (!listening) return std::unexpected(listening.error());
  impl->server = std::move(*listening);
  return std::unique_ptr<ApiServer>(new ApiServer(std::move(impl)));
}

void ApiServer::set_access(const ApiOptions& options) {
  impl_->options.token = options.token;
  impl_->options.allowed_hosts = options.allowed_hosts;
  impl_->options.allowed_hosts.push_back(own_name(impl_->options));
  impl_->options.allowed_origins = options.allowed_origins;
  impl_->routes.set_access(impl_->options);
}

std::uint16_t ApiServer::port() const {
  return impl_->server->local_port();
}

std::string ApiServer::url() const {
  const char* scheme = impl_->options.cert_file.empty() ? "http://" : "https://";
  return scheme + own_name(impl_->options) + ":" + std::to_string(port());
}

}  // namespace feedwatch::api
