#pragma once

#include <netinet/in.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace feedwatch::sinks {

/// A mail server of a few lines: one conversation at a time, every line of the client kept.
class FakeSmtp {
 public:
  /// What it answers to a command, else 250 and so on; "" = nothing, "close" = hangs up.
  using Replies = std::map<std::string, std::string>;

  /// How it speaks TLS: from the first byte, or once the client says STARTTLS.
  struct Tls {
    std::string cert, key;  ///< PEM files
    bool from_start = false;
  };

  explicit FakeSmtp(Replies replies = {}, std::string features = "", std::optional<Tls> tls = {})
      : replies_(std::move(replies)), features_(std::move(features)), tls_(std::move(tls)) {
    if (tls_) {
      context_.reset(SSL_CTX_new(TLS_server_method()));
      SSL_CTX_use_certificate_chain_file(context_.get(), tls_->cert.c_str());
      SSL_CTX_use_PrivateKey_file(context_.get(), tls_->key.c_str(), SSL_FILETYPE_PEM);
    }
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const raw = reinterpret_cast<sockaddr*>(&address);
    if (::bind(fd_, raw, size) != 0 || ::listen(fd_, 4) != 0) std::abort();
    ::getsockname(fd_, raw, &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~FakeSmtp() {
    over_ = true;
    thread_.join();
    ::close(fd_);
  }
  FakeSmtp(const FakeSmtp&) = delete;
  FakeSmtp& operator=(const FakeSmtp&) = delete;

  std::string url() const {
    const bool tls = tls_ && tls_->from_start;
    return (tls ? "smtps://127.0.0.1:" : "smtp://127.0.0.1:") + std::to_string(port_);
  }
  /// Lines that came before TLS, where there is TLS at all.
  std::vector<std::string> in_clear() {
    const std::lock_guard lock(mutex_);
    return in_clear_;
  }
  std::vector<std::string> lines() {
    const std::lock_guard lock(mutex_);
    return lines_;
  }
  /// The newest message, with its dots as they were meant.
  std::string message() {
    const std::lock_guard lock(mutex_);
    return message_;
  }

 private:
  struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    void operator()(SSL* session) const { SSL_free(session); }
  };
  struct Peer {
    int fd = -1;
    std::unique_ptr<SSL, Free> session = nullptr;
  };

  bool begin_tls(Peer& peer) const {
    peer.session.reset(SSL_new(context_.get()));
    SSL_set_fd(peer.session.get(), peer.fd);
    return SSL_accept(peer.session.get()) == 1;
  }

  bool ready(const Peer& peer) const {
    return (peer.session && SSL_pending(peer.session.get()) > 0) || ready(peer.fd);
  }
  bool ready(int fd) const {
    pollfd one{.fd = fd, .events = POLLIN, .revents = 0};
    while (!over_) {
      if (::poll(&one, 1, 50) > 0) return true;
    }
    return false;
  }

  void serve() {
    // OpenSSL writes without MSG_NOSIGNAL to a client that has gone.
    sigset_t pipe;
    ::sigemptyset(&pipe);
    ::sigaddset(&pipe, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
    while (ready(fd_)) {
      Peer peer{.fd = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC)};
      const bool begun = !tls_ || !tls_->from_start || begin_tls(peer);
      if (begun && say(peer, reply_to("GREETING", "220 fake ready"))) talk(peer);
      ::close(peer.fd);
    }
  }

  std::string reply_to(const std::string& command, std::string usual) const {
    const auto found = replies_.find(command);
    return found == replies_.end() ? std::move(usual) : found->second;
  }

  static bool say(const Peer& peer, const std::string& text) {
    if (text == "close") return false;
    const std::string line = text.empty() ? "" : text + "\r\n";
    if (peer.session) {
      return line.empty() ||
             SSL_write(peer.session.get(), line.data(), static_cast<int>(line.size())) > 0;
    }
    return line.empty() || ::send(peer.fd, line.data(), line.size(), MSG_NOSIGNAL) ==
                               static_cast<ssize_t>(line.size());
  }

  void talk(Peer& peer) {
    std::string pending;
    bool in_message = false;
    while (auto line = next_line(peer, pending)) {
      if (in_message) {
        if (*line != ".") {
          const std::lock_guard lock(mutex_);
          message_ += (line->starts_with('.') ? line->substr(1) : *line) + "\r\n";
          continue;
        }
        in_message = false;
        if (!say(peer, reply_to("END", "250 queued"))) return;
        continue;
      }
      {
        const std::lock_guard lock(mutex_);
        (tls_ && !peer.session ? in_clear_ : lines_).push_back(*line);
      }
      if (*line == "STARTTLS" && tls_ && !peer.session) {
        if (!say(peer, "220 go on") || !begin_tls(peer)) return;
        continue;
      }
      if (*line == "AUTH PLAIN") {
        if (!say(peer, "334 ") || !next_line(peer, pending)) return;
      }
      const std::string command = line->substr(0, 4);
      std::string usual = "250 fine";
      const bool offers_tls = tls_ && !peer.session;
      const std::string offered = offers_tls ? "STARTTLS" : features_;
      if (command == "EHLO" && !offered.empty()) usual = "250-fake\r\n250 " + offered;
      if (command == "DATA") usual = "354 go on";
      if (command == "AUTH") usual = "235 welcome";
      if (command == "QUIT") usual = "221 bye";
      const std::string reply = reply_to(command, usual);
      if (command == "DATA" && reply.starts_with("354")) {
        in_message = true;
        const std::lock_guard lock(mutex_);
        message_.clear();
      }
      if (!say(peer, reply) || command == "QUIT") return;
    }
  }

  std::optional<std::string> next_line(const Peer& peer, std::string& pending) const {
    std::size_t end = 0;
    while ((end = pending.find("\r\n")) == std::string::npos) {
      std::string chunk(4096, '\0');
      if (!ready(peer)) return std::nullopt;
      const ssize_t n =
          peer.session ? SSL_read(peer.session.get(), chunk.data(), static_cast<int>(chunk.size()))
                       : ::recv(peer.fd, chunk.data(), chunk.size(), 0);
      if (n <= 0) return std::nullopt;
      pending.append(chunk, 0, static_cast<std::size_t>(n));
    }
    std::string line = pending.substr(0, end);
    pending.erase(0, end + 2);
    return line;
  }

  Replies replies_;
  std::string features_;
  std::optional<Tls> tls_;
  std::unique_ptr<SSL_CTX, Free> context_;
  int fd_ = -1;
  unsigned port_ = 0;
  std::atomic<bool> over_ = false;
  std::mutex mutex_;
  std::vector<std::string> lines_;
  std::vector<std::string> in_clear_;
  std::string message_;
  std::thread thread_;
};

}  // namespace feedwatch::sinks
