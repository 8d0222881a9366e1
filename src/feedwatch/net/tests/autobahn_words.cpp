#include <iterator>
#include <utility>

#include "feedwatch/net/tests/autobahn.hpp"

namespace feedwatch::net::testing {

std::string frame(unsigned opcode, std::string_view payload, bool final, unsigned reserved) {
  std::string bytes;
  append_frame(bytes, static_cast<WsOpcode>(opcode), payload, std::nullopt, final);
  bytes[0] = static_cast<char>(static_cast<unsigned char>(bytes[0]) | (reserved << 4U));
  return bytes;
}

std::string close_frame(std::uint16_t code, std::string_view reason) {
  std::string payload;
  payload.push_back(static_cast<char>(code >> 8U));
  payload.push_back(static_cast<char>(code & 0xffU));
  payload += reason;
  return frame(8, payload);
}

std::string repeated(std::string_view pattern, std::size_t size) {
  std::string out;
  out.reserve(size + pattern.size());
  while (out.size() < size) out += pattern;
  out.resize(size);
  return out;
}

std::string fragmented(unsigned opcode, std::string_view payload, std::size_t fragment) {
  std::string bytes;
  do {
    const std::string_view part = payload.substr(0, fragment);
    payload.remove_prefix(part.size());
    bytes += frame(bytes.empty() ? opcode : 0, part, payload.empty());
  } while (!payload.empty());
  return bytes;
}

void add(AutobahnCases& cases, std::string number, AutobahnScript script) {
  cases.push_back({std::move(number), [script = std::move(script)] { return script; }});
}

void join(AutobahnCases& cases, AutobahnCases more) {
  cases.insert(cases.end(), std::make_move_iterator(more.begin()),
               std::make_move_iterator(more.end()));
}

}  // namespace feedwatch::net::testing
