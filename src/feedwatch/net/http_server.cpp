#include "feedwatch/net/http_server.hpp"

#include <fmt/core.h>

#include <cerrno>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "feedwatch/net/http_session.hpp"
#include "feedwatch/net/server_socket.hpp"
#include "feedwatch/net/tls.hpp"

namespace feedwatch::net {
namespace {

constexpr int accepts_per_turn = 64;
constexpr Duration out_of_descriptors_pause = 100ms;

std::string advice(int error) {
  switch (error) {
    case EADDRINUSE:
      return "stop the program that listens there or choose another port";
    case EACCES:
      return "ports below 1024 need privileges: choose another port";
    case EADDRNOTAVAIL:
      return "this machine does not have that address: choose another one";
    default:
      return "choose another address or port";
  }
}

}  // namespace

struct HttpServer::Impl final : SessionHost, IoHandler {
  Impl(Reactor& reactor_in, HttpServerOptions options_in, HttpHandlers handlers_in)
      : reactor_(reactor_in), options_(std::move(options_in)), handlers_(std::move(handlers_in)) {}

  ~Impl() override {
    // Callbacks may hold the sockets they belong to.
    for (const auto& socket : sockets_) socket->abandon();
  }

  Reactor& reactor() override { return reactor_; }
  const HttpServerOptions& options() const override { return options_; }
  const HttpHandlers& handlers() const override { return handlers_; }
  HttpServerStats& counters() override { return stats_; }
  void remove(std::uint64_t session) override { sessions_.erase(session); }
  std::size_t connections() const { return sessions_.size() + sockets_.size(); }

  Result<void> open() {
    const std::string what = fmt::format("listen on {}:{}", options_.address, options_.port);
    const auto endpoint = make_endpoint(options_.address, options_.port);
    if (!endpoint) {
      return std::unexpected(Error{what, endpoint.error(), "give an address such as 127.0.0.1"});
    }
    if (!options_.cert_file.empty() || !options_.key_file.empty()) {
      auto tls = TlsContext::server(options_.cert_file, options_.key_file);
      if (!tls) {
        return std::unexpected(Error{what, tls.error(), "give a PEM certificate and its key"});
      }
      tls_ = std::move(*tls);
    }
    auto listening = listen_on(*endpoint);
    if (!listening) {
      const int error = listening.error().error;
      return std::unexpected(Error{what, errno_text(error), advice(error)});
    }
    listener_ = std::move(*listening);
    port_ = endpoint_port(local_endpoint(listener_.get()));
    watch_ = reactor_.watch(listener_.get(), *this);
    watch_->want(true, false);
    return {};
  }

  void on_io(bool, bool) override {
    for (int turn = 0; turn < accepts_per_turn && watch_; ++turn) {
      Endpoint from;
      Fd fd = accept_one(listener_.get(), from);
      if (!fd) return on_accept_error(errno);
      take(std::move(fd), endpoint_text(from));
    }
  }

  void on_accept_error(int error) {
    const bool out = error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
    if (!out) return;
    // The waiting connection would be reported again at once, for ever.
    ++stats_.refused_connections;
    watch_->want(false, false);
    resume_ = reactor_.make_wakeup([this](MonoTime) {
      if (watch_) watch_->want(true, false);
    });
    resume_->arm(reactor_.clock().now() + out_of_descriptors_pause);
  }

  void take(Fd fd, const std::string& peer) {
    if (connections() >= options_.max_connections) {
      ++stats_.refused_connections;
      return;
    }
    ++stats_.accepted;
    set_no_delay(fd.get());
    if (handlers_.on_connect && !handlers_.on_connect(peer)) {
      net::reset_on_close(fd.get());
      return;
    }
    auto channel = tls_ ? tls_->accept(std::move(fd)) : plain_channel(std::move(fd));
    const std::uint64_t id = next_session_++;
    auto session = std::make_shared<HttpSession>(*this, id, std::move(channel), peer);
    sessions_.emplace(id, session);
    session->start();
  }

  void adopt(std::unique_ptr<Stream> stream, const std::string& peer, const AcceptUpgrade& accept,
             const std::string& already_read) override {
    auto socket = std::make_shared<ServerSocket>(
        reactor_, std::move(stream), peer,
        ServerSocket::Limits{.max_message = options_.max_message,
                             .max_write_queue = options_.max_write_queue},
        [this](ServerSocket& gone) { sockets_.erase(gone.shared_from_this()); });
    sockets_.insert(socket);
    if (accept.on_open) accept.on_open(socket);
    socket->start(already_read);
  }

  Reactor& reactor_;
  const HttpServerOptions options_;
  const HttpHandlers handlers_;
  HttpServerStats stats_;
  std::shared_ptr<TlsContext> tls_;
  Fd listener_;
  std::uint16_t port_ = 0;
  std::unique_ptr<IoWatch> watch_;
  std::unique_ptr<Wakeup> resume_;
  std::uint64_t next_session_ = 0;
  std::unordered_map<std::uint64_t, std::shared_ptr<HttpSession>> sessions_;
  std::unordered_set<std::shared_ptr<ServerSocket>> sockets_;
};

HttpServer::HttpServer(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() = default;

Result<std::unique_ptr<HttpServer>> HttpServer::listen(Reactor& reactor, HttpServerOptions options,
                                                       HttpHandlers handlers) {
  auto impl = std::make_shared<Impl>(reactor, std::move(options), std::move(handlers));
  if (auto opened = impl->open(); !opened) return std::unexpected(std::move(opened.error()));
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

std::uint16_t HttpServer::local_port() const {
  return impl_->port_;
}
std::size_t HttpServer::connections() const {
  return impl_->connections();
}
HttpServerStats HttpServer::stats() const {
  return impl_->stats_;
}

void HttpServer::stop_accepting() {
  impl_->watch_.reset();
  impl_->resume_.reset();
  impl_->listener_ = Fd{};
}

}  // namespace feedwatch::net
