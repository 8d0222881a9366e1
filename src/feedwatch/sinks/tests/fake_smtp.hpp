#pragma once

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <map>
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

  explicit FakeSmtp(Replies replies = {}, std::string features = "")
      : replies_(std::move(replies)), features_(std::move(features)) {
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

  std::string url() const { return "smtp://127.0.0.1:" + std::to_string(port_); }
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
  bool ready(int fd) const {
    pollfd one{.fd = fd, .events = POLLIN, .revents = 0};
    while (!over_) {
      if (::poll(&one, 1, 50) > 0) return true;
    }
    return false;
  }

  void serve() {
    while (ready(fd_)) {
      const int peer = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
      if (say(peer, reply_to("GREETING", "220 fake ready"))) talk(peer);
      ::close(peer);
    }
  }

  std::string reply_to(const std::string& command, std::string usual) const {
    const auto found = replies_.find(command);
    return found == replies_.end() ? std::move(usual) : found->second;
  }

  static bool say(int peer, const std::string& text) {
    if (text == "close") return false;
    const std::string line = text.empty() ? "" : text + "\r\n";
    return line.empty() || ::send(peer, line.data(), line.size(), MSG_NOSIGNAL) ==
                               static_cast<ssize_t>(line.size());
  }

  void talk(int peer) {
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
        lines_.push_back(*line);
      }
      if (*line == "AUTH PLAIN") {
        if (!say(peer, "334 ") || !next_line(peer, pending)) return;
      }
      const std::string command = line->substr(0, 4);
      std::string usual = "250 fine";
      if (command == "EHLO" && !features_.empty()) usual = "250-fake\r\n250 " + features_;
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

  std::optional<std::string> next_line(int peer, std::string& pending) const {
    std::size_t end = 0;
    while ((end = pending.find("\r\n")) == std::string::npos) {
      std::string chunk(4096, '\0');
      if (!ready(peer)) return std::nullopt;
      const ssize_t n = ::recv(peer, chunk.data(), chunk.size(), 0);
      if (n <= 0) return std::nullopt;
      pending.append(chunk, 0, static_cast<std::size_t>(n));
    }
    std::string line = pending.substr(0, end);
    pending.erase(0, end + 2);
    return line;
  }

  Replies replies_;
  std::string features_;
  int fd_ = -1;
  unsigned port_ = 0;
  std::atomic<bool> over_ = false;
  std::mutex mutex_;
  std::vector<std::string> lines_;
  std::string message_;
  std::thread thread_;
};

}  // namespace feedwatch::sinks
