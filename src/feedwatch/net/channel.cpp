#include "feedwatch/net/channel.hpp"

#include <cerrno>

namespace feedwatch::net {
namespace {

class PlainChannel final : public Channel {
 public:
  explicit PlainChannel(Fd fd) : fd_(std::move(fd)) {}

  IoResult read(std::span<char> into) override {
    const auto n = uninterrupted([&] { return ::recv(fd_.get(), into.data(), into.size(), 0); });
    if (n == 0) return {.status = IoStatus::closed};
    return result(n);
  }

  IoResult write(std::string_view bytes) override {
    const IoResult r = result(
        uninterrupted([&] { return ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL); }));
    waits_to_write_ = r.status == IoStatus::would_block;
    return r;
  }

  IoResult handshake() override { return {}; }
  bool waits_to_write() const override { return waits_to_write_; }
  std::size_t waiting() const override { return unread_bytes(fd_.get()); }
  int fd() const override { return fd_.get(); }

 private:
  IoResult result(ssize_t n) {
    if (n >= 0) return {.status = IoStatus::ok, .bytes = static_cast<std::size_t>(n)};
    if (errno == EAGAIN || errno == EWOULDBLOCK) return {.status = IoStatus::would_block};
    error_ = errno_text(errno);
    return {.status = IoStatus::failed};
  }

  Fd fd_;
  bool waits_to_write_ = false;
};

}  // namespace

std::unique_ptr<Channel> plain_channel(Fd fd) {
  return std::make_unique<PlainChannel>(std::move(fd));
}

}  // namespace feedwatch::net
