#include "feedwatch/net/tests/deflater.hpp"

#include <stdexcept>

namespace feedwatch::net::testing {

Deflater::Deflater(Options options) : options_(options) {
  if (deflateInit2(&zlib_, options_.level, Z_DEFLATED, -options_.window_bits, 8,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::runtime_error("zlib cannot compress with these options");
  }
}

Deflater::~Deflater() {
  deflateEnd(&zlib_);
}

std::string Deflater::run(std::string_view text, int flush) {
  std::string out(deflateBound(&zlib_, text.size()) + 64, '\0');
  zlib_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  zlib_.avail_in = static_cast<uInt>(text.size());
  zlib_.next_out = reinterpret_cast<Bytef*>(out.data());
  zlib_.avail_out = static_cast<uInt>(out.size());
  deflate(&zlib_, flush);
  out.resize(out.size() - zlib_.avail_out);
  if (options_.fresh_context || flush == Z_FINISH) deflateReset(&zlib_);
  return out;
}

std::string Deflater::message(std::string_view text) {
  std::string out = run(text, Z_SYNC_FLUSH);
  // zlib does not flush twice what is flushed already; an empty message is one empty block.
  if (out.empty()) return std::string(1, '\0');
  out.resize(out.size() - 4);
  return out;
}

std::string Deflater::final_message(std::string_view text) {
  return run(text, Z_FINISH) + '\0';
}

void append_compressed(std::string& out, WsOpcode opcode, std::string_view payload,
                       std::size_t fragment) {
  const std::size_t begin = out.size();
  do {
    const std::string_view part = fragment == 0 ? payload : payload.substr(0, fragment);
    payload.remove_prefix(part.size());
    const bool first = out.size() == begin;
    append_frame(out, first ? opcode : WsOpcode::continuation, part, std::nullopt, payload.empty());
  } while (!payload.empty());
  out[begin] = static_cast<char>(static_cast<unsigned char>(out[begin]) | 0x40U);
}

}  // namespace feedwatch::net::testing
