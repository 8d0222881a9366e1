// Chapters 12 and 13: compressed messages of five kinds of data, and of every agreement.
// The suite's files are not ours to ship: data of the same kinds is made here.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <utility>

#include "feedwatch/net/http_codec.hpp"
#include "feedwatch/net/tests/autobahn.hpp"
#include "feedwatch/net/tests/deflater.hpp"
#include "feedwatch/net/ws_deflate.hpp"

namespace feedwatch::net::testing {
namespace {

constexpr std::size_t data_size = 300'000;

/// The same numbers in every run.
class Numbers {
 public:
  std::uint32_t below(std::uint32_t n) {
    state_ = state_ * 6'364'136'223'846'793'005ULL + 1'442'695'040'888'963'407ULL;
    return static_cast<std::uint32_t>(state_ >> 33U) % n;
  }

 private:
  std::uint64_t state_ = 12;
};

/// Made of `piece()` until it is large enough.
template <class F>
std::string made_of(F piece) {
  std::string data;
  while (data.size() < data_size) data += piece();
  return data;
}

std::string prose() {
  static constexpr std::array words = {"und", "der",  "Geist", "die",   "Welt", "nicht",
                                       "ein", "auch", "Licht", "sagte", "er",   "wieder"};
  Numbers numbers;
  return made_of([&] {
    const bool ends = numbers.below(9) == 0;
    return std::string(words[numbers.below(words.size())]) + (ends ? ".\r\n" : " ");
  });
}

std::string picture() {
  Numbers numbers;
  std::uint32_t x = 0;
  return made_of([&] {
    const auto shade = (x++ % 512) / 4 + numbers.below(8);
    return std::string(1, static_cast<char>(shade));
  });
}

/// As of a PDF: short text between streams that are compressed already.
std::string document() {
  Numbers numbers;
  return made_of([&] {
    std::string object = fmt::format("{} 0 obj\n<< /Length 900 >>\nstream\n", numbers.below(999));
    for (int i = 0; i < 900; ++i) object.push_back(static_cast<char>(numbers.below(256)));
    return object + "\nendstream\nendobj\n";
  });
}

std::string json() {
  Numbers numbers;
  return made_of([&] {
    return fmt::format(R"({{"id":{},"name":"item {}","price":"{}.{:02}","tags":["a","b"]}},)",
                       numbers.below(100'000), numbers.below(500), numbers.below(9'000),
                       numbers.below(100));
  });
}

std::string html() {
  Numbers numbers;
  return made_of([&] {
    return fmt::format("<tr class=\"row{}\"><td>{}</td><td><a href=\"/p/{}\">link</a></td></tr>\n",
                       numbers.below(2), numbers.below(10'000), numbers.below(800));
  });
}

struct Size {
  std::size_t message;
  std::size_t fragment;  ///< of the compressed payload, 0: one frame
};
constexpr Size sizes[] = {{16, 0},          {64, 0},          {256, 0},       {1'024, 0},
                          {4'096, 0},       {8'192, 0},       {16'384, 0},    {32'768, 0},
                          {65'536, 0},      {131'072, 0},     {8'192, 256},   {16'384, 256},
                          {32'768, 256},    {65'536, 256},    {131'072, 256}, {131'072, 1'024},
                          {131'072, 4'096}, {131'072, 32'768}};

/// The suite sends a thousand each, 11 GB in all. FEEDWATCH_LONG sends as many; else at least
/// three, and of the small ones as many as make 256 KiB.
std::size_t count_of(std::size_t message) {
  if (std::getenv("FEEDWATCH_LONG") != nullptr) return 1'000;
  return std::clamp<std::size_t>((std::size_t{256} << 10U) / message, 3, 1'000);
}

WsDeflate agreed_in(const std::string& extensions) {
  HttpMessage answer;
  answer.headers.emplace_back("sec-websocket-extensions", extensions);
  return deflate_answer(answer).value().value();
}

AutobahnScript messages(const std::string& data, bool is_text, Size size,
                        const std::string& extensions) {
  const WsDeflate agreed = agreed_in(extensions);
  // zlib never looks back further than 250 bytes with 9 bits, which fits a window of 8.
  Deflater deflater(
      {.fresh_context = agreed.fresh_context, .window_bits = std::max(agreed.window_bits, 9)});
  AutobahnScript script{.extensions = extensions};
  std::size_t at = 0;
  for (std::size_t i = 0; i < count_of(size.message); ++i) {
    std::string payload = data.substr(at, size.message);
    payload += data.substr(0, size.message - payload.size());
    at = (at + size.message) % data.size();
    std::string bytes;
    append_compressed(bytes, is_text ? WsOpcode::text : WsOpcode::binary, deflater.message(payload),
                      size.fragment);
    script.parts.push_back(std::move(bytes));
    script.got.push_back(is_text ? text(std::move(payload)) : binary(std::move(payload)));
  }
  return script;
}

void chapter(AutobahnCases& cases, const std::string& number, std::string (*make)(), bool is_text,
             const std::string& extensions) {
  int row = 0;
  for (const Size& size : sizes) {
    cases.push_back({fmt::format("{}.{}", number, ++row),
                     [=] { return messages(make(), is_text, size, extensions); }});
  }
}

/// What the suite's server answers in 13.1 to 13.7, and in 12 what it does without being asked; its
/// wishes of the client (client_…) go along, ours of it are in what it grants (server_…).
constexpr std::array agreements = {
    "permessage-deflate",
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
    "permessage-deflate; server_max_window_bits=8; client_max_window_bits=8",
    "permessage-deflate; server_max_window_bits=15; client_max_window_bits=15",
    "permessage-deflate; server_no_context_takeover; server_max_window_bits=8; "
    "client_no_context_takeover; client_max_window_bits=8",
    "permessage-deflate; server_no_context_takeover; server_max_window_bits=15; "
    "client_no_context_takeover; client_max_window_bits=15",
    "permessage-deflate; client_no_context_takeover; client_max_window_bits=8",
};

}  // namespace

AutobahnCases autobahn_compression() {
  AutobahnCases cases;
  chapter(cases, "12.1", prose, false, agreements[0]);
  chapter(cases, "12.2", picture, false, agreements[0]);
  chapter(cases, "12.3", document, false, agreements[0]);
  chapter(cases, "12.4", json, true, agreements[0]);
  chapter(cases, "12.5", html, true, agreements[0]);
  for (std::size_t i = 0; i < agreements.size(); ++i) {
    chapter(cases, fmt::format("13.{}", i + 1), json, true, agreements[i]);
  }
  return cases;
}

}  // namespace feedwatch::net::testing
