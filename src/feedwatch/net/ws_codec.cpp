#include "feedwatch/net/ws_codec.hpp"

#include <fmt/core.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace feedwatch::net {
namespace {

constexpr std::uint16_t protocol_error = 1002;
constexpr std::uint16_t bad_payload = 1007;
constexpr std::uint16_t too_big = 1009;
constexpr const char* not_minimal = "length in more bytes than needed";
constexpr const char* not_utf8 = "text is not UTF-8";

constexpr std::size_t largest_message = std::size_t{1} << 30U;  // zlib counts in 32 bits
constexpr unsigned deflate_bit = 4;                             // RSV1 of the three
/// What one parse() may inflate, but for the message it ends with: a read is a thousand times as
/// much.
constexpr std::size_t inflated_per_call = MessageBuffer::kept;

std::uint64_t big_endian(const char* data, std::size_t n) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < n; ++i) {
    value = (value << 8U) | static_cast<unsigned char>(data[i]);
  }
  return value;
}

void append_big_endian(std::string& out, std::uint64_t value, std::size_t n) {
  for (std::size_t i = n; i-- > 0;) out.push_back(static_cast<char>((value >> (8U * i)) & 0xffU));
}

void apply_mask(char* data, std::size_t size, const std::array<std::uint8_t, 4>& mask) {
  std::uint64_t wide = 0;
  for (std::size_t i = 0; i < sizeof wide; ++i) {
    std::memcpy(reinterpret_cast<char*>(&wide) + i, &mask[i % 4], 1);
  }
  std::size_t i = 0;
  for (; i + sizeof wide <= size; i += sizeof wide) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, data + i, sizeof eight);
    eight ^= wide;
    std::memcpy(data + i, &eight, sizeof eight);
  }
  for (; i < size; ++i) {
    data[i] = static_cast<char>(static_cast<unsigned char>(data[i]) ^ mask[i % 4]);
  }
}

bool is_control(WsOpcode opcode) {
  return static_cast<unsigned>(opcode) >= 8;
}

bool known_opcode(unsigned value) {
  return value <= 2 || (value >= 8 && value <= 10);
}

/// RFC 6455 §7.4 and the IANA registry: what may stand in a close frame.
bool may_be_sent(std::uint16_t code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
         (code >= 3000 && code <= 4999);
}

}  // namespace

struct WsParser::Header {
  bool final = false;
  unsigned reserved = 0;
  unsigned opcode = 0;
  bool masked = false;
  std::uint64_t length = 0;
  bool minimal = true;
  std::size_t size = 0;  ///< of the header itself
  std::array<std::uint8_t, 4> mask{};

  WsOpcode kind() const { return static_cast<WsOpcode>(opcode); }
};

WsParser::WsParser(WsRole role, std::size_t max_message)
    : role_(role), max_message_(std::min(max_message, largest_message)) {}

bool WsParser::violate(std::uint16_t code, std::string detail) {
  violation_ = {.code = code, .detail = std::move(detail)};
  return false;
}

/// False while incomplete. What the first two bytes show to be wrong is found by check() even then.
bool WsParser::read_header(const char* data, std::size_t size, Header& header) {
  if (size < 2) return false;
  const auto first = static_cast<unsigned char>(data[0]);
  const auto second = static_cast<unsigned char>(data[1]);
  header.final = (first & 0x80U) != 0;
  header.reserved = (first >> 4U) & 7U;
  header.opcode = first & 0x0fU;
  header.masked = (second & 0x80U) != 0;
  header.length = second & 0x7fU;
  const std::size_t extended = header.length == 126 ? 2 : header.length == 127 ? 8 : 0;
  header.size = 2 + extended + (header.masked ? 4 : 0);
  if (size < header.size) return false;
  if (extended != 0) {
    header.length = big_endian(data + 2, extended);
    header.minimal = header.length > (extended == 2 ? 125U : 0xffffU);
  }
  if (header.masked) std::memcpy(header.mask.data(), data + header.size - 4, 4);
  return true;
}

bool WsParser::check(const Header& header) {
  if (header.reserved != 0 && !check_reserved(header)) return false;
  if (!known_opcode(header.opcode)) {
    return violate(protocol_error, fmt::format("unknown opcode {}", header.opcode));
  }
  if (header.masked != (role_ == WsRole::server)) {
    return violate(protocol_error,
                   header.masked ? "masked frame from a server" : "unmasked frame from a client");
  }
  const WsOpcode kind = header.kind();
  if (is_control(kind)) return check_control(header);
  if (!header.minimal) return violate(protocol_error, not_minimal);
  if (kind == WsOpcode::continuation && !unfinished_) {
    return violate(protocol_error, "continuation without a beginning");
  }
  if (kind != WsOpcode::continuation && unfinished_) {
    return violate(protocol_error, "new message inside a fragmented one");
  }
  return check_size(header);
}

bool WsParser::check_reserved(const Header& header) {
  if (!inflater_ || header.reserved != deflate_bit) {
    return violate(protocol_error, "reserved bits are set");
  }
  // RFC 7692 §6: the first frame of a message says it for all.
  if (header.kind() == WsOpcode::text || header.kind() == WsOpcode::binary) return true;
  return violate(protocol_error, "compressed bit on a continuation or control frame");
}

bool WsParser::check_control(const Header& header) {
  if (!header.final) return violate(protocol_error, "fragmented control frame");
  if (header.length > max_control_payload) {
    return violate(protocol_error, "control frame longer than 125 bytes");
  }
  return header.minimal || violate(protocol_error, not_minimal);
}

bool WsParser::check_size(const Header& header) {
  const bool compressed = unfinished_ ? compressed_ : header.reserved != 0;
  // What cannot be compressed grows a little. How large it is inflated only inflating tells.
  const std::size_t limit = compressed ? max_message_ + max_message_ / 16 + 64
                                       : max_message_ - messages_.unfinished().size();
  if (header.length <= limit) return true;
  return violate(too_big, fmt::format("message longer than {} bytes", max_message_));
}

std::size_t WsParser::parse(char* data, std::size_t size, std::vector<Frame>& frames) {
  messages_.recycle();
  more_ = false;
  needed_ = 0;
  std::size_t done = 0;
  while (!violation_ && !close_) {
    more_ = inflater_ && messages_.finished() >= inflated_per_call;
    if (more_) break;
    done += take_plain_texts(data + done, size - done, frames);
    Header header;
    const bool complete = read_header(data + done, size - done, header);
    // Length 126 and 127 announce themselves before the length is there; enough to judge the rest.
    if (size - done >= 2 && !check(header)) break;
    if (!complete) break;
    const std::size_t total = header.size + static_cast<std::size_t>(header.length);
    if (size - done < total) {
      needed_ = total;
      look_ahead(header, {data + done + header.size, size - done - header.size});
      break;
    }
    take(header, data + done + header.size, frames);
    done += total;
  }
  return done;
}

/// Text of an incomplete frame that is wrong already need not be waited for.
void WsParser::look_ahead(const Header& header, std::string_view payload) {
  const WsOpcode kind = unfinished_.value_or(header.kind());
  const bool compressed = unfinished_ ? compressed_ : header.reserved != 0;
  if (is_control(header.kind()) || kind != WsOpcode::text || header.masked || compressed) return;
  if (!utf8_.feed(payload.substr(looked_at_))) violate(bad_payload, not_utf8);
  looked_at_ = payload.size();
}

/// What nearly all frames are: whole texts in one unmasked frame each, with a length of at most two
/// bytes. Ends before one that is another, is not all there, or is wrong; returns how many bytes
/// were taken.
std::size_t WsParser::take_plain_texts(const char* data, std::size_t size,
                                       std::vector<Frame>& frames) const {
  constexpr std::size_t longest_header = 4;
  constexpr unsigned char final_text = 0x81;
  if (role_ != WsRole::client || unfinished_ || looked_at_ != 0) return 0;
  std::size_t done = 0;
  while (size - done >= longest_header) {
    const char* frame = data + done;
    if (static_cast<unsigned char>(frame[0]) != final_text) break;
    std::size_t length = static_cast<unsigned char>(frame[1]);
    std::size_t header = 2;
    if (length == 126) {
      header = longest_header;
      length = static_cast<std::size_t>(big_endian(frame + 2, 2));
      if (length < 126) break;
    } else if (length > 126) {
      break;
    }
    const std::string_view payload(frame + header, length);
    if (size - done < header + length || length > max_message_) break;
    if (!is_ascii(payload) && !is_utf8(payload)) break;
    // Word by word: put together elsewhere, it would be read again in wider words than it was
    // written in, which has to wait for the writes.
    Frame& taken = frames.emplace_back();
    taken.type = FrameType::text;
    taken.payload = payload;
    done += header + length;
  }
  return done;
}

void WsParser::take(const Header& header, char* payload, std::vector<Frame>& frames) {
  const auto length = static_cast<std::size_t>(header.length);
  if (header.masked) apply_mask(payload, length, header.mask);
  if (is_control(header.kind())) {
    take_control(header, {payload, length}, frames);
  } else {
    take_data(header, {payload, length}, frames);
  }
}

void WsParser::take_control(const Header& header, std::string_view payload,
                            std::vector<Frame>& frames) {
  if (header.kind() == WsOpcode::close) {
    take_close(payload);
  } else {
    const bool ping = header.kind() == WsOpcode::ping;
    frames.push_back({.type = ping ? FrameType::ping : FrameType::pong, .payload = payload});
  }
}

void WsParser::take_data(const Header& header, std::string_view payload,
                         std::vector<Frame>& frames) {
  const WsOpcode kind = unfinished_.value_or(header.kind());
  if (header.final && !unfinished_ && header.reserved == 0) {
    if (kind == WsOpcode::text && !check_whole(payload)) return;
  } else {
    if (!unfinished_) compressed_ = header.reserved != 0;
    unfinished_ = kind;
    if (!take_part(payload, header.final) || !header.final) return;
    unfinished_.reset();
    payload = messages_.finish();
  }
  const bool text = kind == WsOpcode::text;
  frames.push_back({.type = text ? FrameType::text : FrameType::binary, .payload = payload});
}

/// The text of a message of one frame.
bool WsParser::check_whole(std::string_view text) {
  if (looked_at_ == 0) return is_utf8(text) || violate(bad_payload, not_utf8);
  return check_text(text.substr(std::exchange(looked_at_, 0)), true);
}

bool WsParser::check_text(std::string_view piece, bool last) {
  const bool good = utf8_.feed(piece) && (!last || utf8_.complete());
  return good || violate(bad_payload, not_utf8);
}

/// Adds the payload of one frame to the unfinished message.
bool WsParser::take_part(std::string_view payload, bool last) {
  const std::size_t before = messages_.unfinished().size();
  std::string_view text;
  if (compressed_) {
    if (!inflate_part(payload, last)) return false;
    text = messages_.unfinished().substr(before);
  } else {
    text = payload.substr(std::exchange(looked_at_, 0));
    messages_.append(payload);
  }
  return *unfinished_ != WsOpcode::text || check_text(text, last);
}

bool WsParser::inflate_part(std::string_view payload, bool last) {
  // RFC 7692 names no code for bad data. The frames are as they should be, so it is not 1002: what
  // they carry is not what they say it is, which is 1007.
  switch (inflater_->inflate(payload, last, messages_, max_message_)) {
    case WsInflater::Outcome::ok:
      return true;
    case WsInflater::Outcome::corrupt:
      return violate(bad_payload, "compressed data is corrupt");
    case WsInflater::Outcome::cut_off:
      return violate(bad_payload, "compressed message ends inside a block");
    case WsInflater::Outcome::too_big:
      break;
  }
  return violate(too_big, fmt::format("message longer than {} bytes", max_message_));
}

void WsParser::take_close(std::string_view payload) {
  if (payload.empty()) {
    close_.emplace();
    return;
  }
  if (payload.size() == 1) {
    violate(protocol_error, "close frame of one byte");
    return;
  }
  const auto code = static_cast<std::uint16_t>(big_endian(payload.data(), 2));
  const std::string_view reason = payload.substr(2);
  if (!may_be_sent(code)) {
    violate(protocol_error, fmt::format("close code {} may not be sent", code));
  } else if (!is_utf8(reason)) {
    violate(bad_payload, "close reason is not UTF-8");
  } else {
    close_ = {.code = code, .reason = std::string(reason)};
  }
}

void append_frame(std::string& out, WsOpcode opcode, std::string_view payload,
                  const std::optional<std::array<std::uint8_t, 4>>& mask, bool final) {
  const std::uint8_t mask_bit = mask ? 0x80 : 0;
  out.push_back(static_cast<char>((final ? 0x80U : 0U) | static_cast<unsigned>(opcode)));
  if (payload.size() < 126) {
    out.push_back(static_cast<char>(mask_bit | payload.size()));
  } else if (payload.size() <= 0xffff) {
    out.push_back(static_cast<char>(mask_bit | 126U));
    append_big_endian(out, payload.size(), 2);
  } else {
    out.push_back(static_cast<char>(mask_bit | 127U));
    append_big_endian(out, payload.size(), 8);
  }
  if (mask) {
    for (const std::uint8_t byte : *mask) out.push_back(static_cast<char>(byte));
  }
  const std::size_t begin = out.size();
  out.append(payload);
  if (mask) apply_mask(out.data() + begin, payload.size(), *mask);
}

void append_close(std::string& out, std::uint16_t code, std::string_view reason,
                  const std::optional<std::array<std::uint8_t, 4>>& mask) {
  std::string payload;
  append_big_endian(payload, code, 2);
  std::size_t room = std::min(reason.size(), max_control_payload - 2);
  // Not in the middle of a character.
  while (room > 0 && room < reason.size() &&
         (static_cast<unsigned char>(reason[room]) & 0xc0U) == 0x80U) {
    --room;
  }
  payload.append(reason.substr(0, room));
  append_frame(out, WsOpcode::close, payload, mask);
}

std::array<std::uint8_t, 4> random_mask() {
  std::array<std::uint8_t, 4> mask{};
  RAND_bytes(mask.data(), static_cast<int>(mask.size()));
  return mask;
}

namespace {

std::string base64(const unsigned char* data, std::size_t size) {
  std::string out(4 * ((size + 2) / 3) + 1, '\0');
  const int n =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), data, static_cast<int>(size));
  out.resize(static_cast<std::size_t>(n));
  return out;
}

bool base64_character(unsigned char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
         c == '/';
}

}  // namespace

std::string websocket_key() {
  std::array<unsigned char, 16> bytes{};
  RAND_bytes(bytes.data(), static_cast<int>(bytes.size()));
  return base64(bytes.data(), bytes.size());
}

std::string websocket_accept(std::string_view key) {
  std::string text(key);
  text += "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return base64(digest.data(), digest.size());
}

bool is_websocket_key(std::string_view key) {
  return key.size() == 24 && key.ends_with("==") &&
         std::ranges::all_of(key.substr(0, 22), base64_character);
}

}  // namespace feedwatch::net
