#define ZLIB_CONST  // what zlib only reads may be const
#include <zlib.h>

#include <algorithm>
#include <new>
#include <span>

#include "feedwatch/net/message_buffer.hpp"
#include "feedwatch/net/ws_deflate.hpp"

namespace feedwatch::net {
namespace {

/// What the sender has cut off the end of each message (RFC 7692 §7.2.1).
constexpr std::string_view tail{"\x00\x00\xff\xff", 4};
constexpr std::size_t least_room = 512;

}  // namespace

struct WsInflater::State {
  z_stream zlib{};
  bool ended = false;  ///< the last byte read was the last of a final block
};

WsInflater::WsInflater(const WsDeflate& agreed)
    : state_(std::make_unique<State>()), fresh_context_(agreed.fresh_context) {
  // Negative: deflate without a header of zlib's or gzip's.
  if (inflateInit2(&state_->zlib, -agreed.window_bits) != Z_OK) throw std::bad_alloc();
}

WsInflater::~WsInflater() {
  inflateEnd(&state_->zlib);
}

WsInflater::Outcome WsInflater::inflate(std::string_view piece, bool last, MessageBuffer& into,
                                        std::size_t limit) {
  const Outcome outcome = feed(piece, into, limit);
  if (outcome != Outcome::ok || !last) return outcome;
  return finish(into, limit);
}

WsInflater::Outcome WsInflater::feed(std::string_view piece, MessageBuffer& into,
                                     std::size_t limit) {
  z_stream& zlib = state_->zlib;
  zlib.next_in = reinterpret_cast<const Bytef*>(piece.data());
  zlib.avail_in = static_cast<uInt>(piece.size());
  while (true) {
    const std::size_t left = limit - into.unfinished().size() + 1;
    std::span<char> room = into.room(std::min(left, least_room));
    room = room.first(std::min(room.size(), left));
    zlib.next_out = reinterpret_cast<Bytef*>(room.data());
    zlib.avail_out = static_cast<uInt>(room.size());
    const uInt before = zlib.avail_in;
    const int status = ::inflate(&zlib, Z_SYNC_FLUSH);
    into.added(room.size() - zlib.avail_out);
    if (into.unfinished().size() > limit) return Outcome::too_big;
    state_->ended &= zlib.avail_in == before;
    if (status == Z_STREAM_END) {
      // A final block ends a stream, not the message (§7.2.3.4). Unlike inflateReset, this keeps
      // the window, which later blocks may refer to.
      inflateResetKeep(&zlib);
      state_->ended = true;
      if (zlib.avail_in == 0) return Outcome::ok;
    } else if (status != Z_OK && status != Z_BUF_ERROR) {
      return Outcome::corrupt;
    } else if (zlib.avail_out != 0) {
      return Outcome::ok;  // all was taken
    }
  }
}

/// A message has to end between two blocks. One that ends with a final block needs no tail, though
/// §7.2.3.4 asks for it.
WsInflater::Outcome WsInflater::finish(MessageBuffer& into, std::size_t limit) {
  if (!state_->ended) {
    const Outcome outcome = feed(tail, into, limit);
    if (outcome != Outcome::ok) return outcome;
    constexpr int between_blocks = 128;
    constexpr int unused_bits = 63;
    const int where = state_->zlib.data_type;
    if ((where & between_blocks) == 0 || (where & unused_bits) != 0) return Outcome::cut_off;
  }
  state_->ended = false;
  if (fresh_context_) inflateReset(&state_->zlib);
  return Outcome::ok;
}

}  // namespace feedwatch::net
