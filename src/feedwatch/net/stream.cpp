#include "feedwatch/net/stream.hpp"

#include <sys/socket.h>

#include <utility>

namespace feedwatch::net {

Stream::Stream(Reactor& reactor, std::unique_ptr<Channel> channel, StreamOwner& owner)
    : reactor_(reactor),
      owner_(&owner),
      channel_(std::move(channel)),
      watch_(reactor.watch(channel_->fd(), *this)) {}

Stream::~Stream() = default;

void Stream::want_read(bool wanted) {
  // Bytes already decrypted are unknown to the kernel.
  if (wanted && !std::exchange(reading_, wanted)) watch_->again();
  reading_ = wanted;
  update();
}

void Stream::hold(bool held) {
  held_ = held;
  if (!held) watch_->again();  // decrypted bytes may wait unseen by the kernel
  update();
}

void Stream::update() {
  const bool writing = !broken_ && (queued() > 0 || channel_->waits_to_write());
  watch_->want(reading_ && !held_, writing && !held_);
}

IoResult Stream::read(std::span<char> into) {
  const IoResult result = channel_->read(into);
  if (channel_->waits_to_write()) update();
  return result;
}

void Stream::write(std::string_view bytes) {
  if (broken_) return;
  outbox_.append(bytes);
  if (!held_) flush();
  update();
}

void Stream::flush() {
  while (!broken_ && queued() > 0) {
    const IoResult r = channel_->write(std::string_view(outbox_).substr(written_));
    if (r.status == IoStatus::would_block) break;
    if (r.status != IoStatus::ok) {
      broken_ = true;
      const std::weak_ptr<Stream*> weak = alive_;
      reactor_.defer([weak] {
        if (const auto self = weak.lock()) (*self)->owner_->on_write_failed((*self)->error());
      });
      break;
    }
    written_ += r.bytes;
  }
  if (queued() == 0 || broken_) {
    outbox_.clear();
    written_ = 0;
    if (outbox_.capacity() > (256U << 10U)) outbox_.shrink_to_fit();
  } else if (written_ > (1U << 20U)) {
    outbox_.erase(0, written_);
    written_ = 0;
  }
}

void Stream::shutdown_write() {
  ::shutdown(channel_->fd(), SHUT_WR);
}

void Stream::on_io(bool readable, bool writable) {
  if (held_) return;
  const std::weak_ptr<Stream*> weak = alive_;
  const bool read_waited = writable && channel_->waits_to_write();
  if (writable && queued() > 0) {
    flush();
    if (queued() == 0 && !broken_) owner_->on_drained();
    if (weak.expired()) return;
  }
  if ((readable && reading_) || read_waited) {
    owner_->on_readable();
    if (weak.expired()) return;
  }
  update();
}

}  // namespace feedwatch::net
