#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "feedwatch/net/channel.hpp"
#include "feedwatch/net/reactor.hpp"

namespace feedwatch::net {

class StreamOwner {
 public:
  virtual ~StreamOwner() = default;
  virtual void on_readable() = 0;
  virtual void on_drained() {}  ///< what had to wait has all been written
  /// A write failed; never from inside write().
  virtual void on_write_failed(const std::string& why) = 0;
};

/// A channel in the loop: reads on demand, queues what cannot be written yet. Any owner callback
/// may destroy it. The reactor's thread only.
class Stream final : private IoHandler {
 public:
  Stream(Reactor& reactor, std::unique_ptr<Channel> channel, StreamOwner& owner);
  ~Stream() override;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  /// Events go to `owner` from now on.
  void hand_to(StreamOwner& owner) { owner_ = &owner; }

  void want_read(bool wanted);
  IoResult read(std::span<char> into);
  std::size_t waiting() const { return channel_->waiting(); }
  /// There may be more to read although nothing would report it.
  void again() { watch_->again(); }

  /// Writes what the kernel takes and queues the rest; the caller bounds queued().
  void write(std::string_view bytes);
  std::size_t queued() const { return outbox_.size() - written_; }
  /// Neither reads nor writes while held.
  void hold(bool held);
  bool held() const { return held_; }
  /// Says "no more from us" to the peer; reading goes on.
  void shutdown_write();
  /// The destruction to come sends a TCP reset.
  void reset_on_close() { net::reset_on_close(channel_->fd()); }

  const std::string& error() const { return channel_->error(); }

 private:
  void on_io(bool readable, bool writable) override;
  void flush();
  void update();

  Reactor& reactor_;
  StreamOwner* owner_;
  std::unique_ptr<Channel> channel_;
  std::unique_ptr<IoWatch> watch_;  // before the channel closes its descriptor: destroyed first
  std::shared_ptr<Stream*> alive_ = std::make_shared<Stream*>(this);
  std::string outbox_;
  std::size_t written_ = 0;
  bool reading_ = false;
  bool held_ = false;
  bool broken_ = false;
};

}  // namespace feedwatch::net
