#include "feedwatch/net/http_codec.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cctype>
#include <memory>
#include <string_view>
#include <variant>

namespace feedwatch::net {
namespace {

namespace http = boost::beast::http;
using RequestParser = http::request_parser<http::string_body>;
using ResponseParser = http::response_parser<http::string_body>;

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::string_view view(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

HttpParseError explain(const boost::system::error_code& ec) {
  if (ec == http::error::header_limit) return {.status = 431, .detail = "headers are too large"};
  if (ec == http::error::body_limit) return {.status = 413, .detail = "body is too large"};
  if (ec == http::error::end_of_stream || ec == http::error::partial_message) {
    return {.status = 400, .detail = "connection closed before the message was complete"};
  }
  return {.status = 400, .detail = "malformed HTTP: " + ec.message()};
}

}  // namespace

struct HttpParser::Impl {
  template <class F>
  auto each(F&& f) {
    return std::visit([&](auto& p) { return f(*p); }, parser);
  }

  Impl(Kind kind, Limits limits, bool no_body) : head_limit(limits.headers) {
    if (kind == Kind::request) {
      parser.emplace<std::unique_ptr<RequestParser>>(std::make_unique<RequestParser>());
    } else {
      parser.emplace<std::unique_ptr<ResponseParser>>(std::make_unique<ResponseParser>());
    }
    each([&](auto& p) {
      p.eager(true);
      p.skip(no_body);
      p.header_limit(static_cast<std::uint32_t>(limits.headers));
      p.body_limit(limits.body);
    });
  }

  /// Beast asserts that the last chunk, once its line has been seen, comes with two bytes more,
  /// though they may be a while on their way: "0\r\n" and "\r\n". Nothing that is shorter ends a
  /// body, so it can wait.
  bool too_early(std::size_t size) {
    constexpr std::size_t last_chunk = 5;
    return size < last_chunk && each([](auto& p) { return p.is_header_done() && p.chunked(); });
  }

  void note(const boost::system::error_code& ec) {
    if (ec && ec != http::error::need_more) error = explain(ec);
  }

  /// Beast's limit lets headers that come in pieces be twice as many (found by fuzzing).
  void bound_head(std::size_t taken) {
    if (head_bounded || error) return;
    each([&](auto& p) {
      head_bounded = p.is_header_done();
      if (!head_bounded) {
        head_size += taken;
        return;
      }
      head_size = 0;
      for (const auto& field : p.get()) {
        head_size += field.name_string().size() + field.value().size();
      }
    });
    if (head_size > head_limit) error = explain(http::error::header_limit);
  }

  void read_head() {
    if (head_read) return;
    head_read = true;
    each([&](auto& p) {
      const auto& message = p.get();
      out.http_1_1 = message.version() >= 11;
      out.keep_alive = p.keep_alive();
      for (const auto& field : message) {
        out.headers.emplace_back(lower(view(field.name_string())),
                                 std::string(view(field.value())));
      }
      if constexpr (std::is_same_v<std::remove_cvref_t<decltype(p)>, RequestParser>) {
        out.method = std::string(view(message.method_string()));
        out.target = std::string(view(message.target()));
      } else {
        out.status = static_cast<int>(message.result_int());
      }
    });
  }

  std::variant<std::unique_ptr<RequestParser>, std::unique_ptr<ResponseParser>> parser;
  std::optional<HttpParseError> error;
  HttpMessage out;
  std::size_t head_limit;
  std::size_t head_size = 0;  ///< so far
  bool head_bounded = false;
  bool head_read = false;
  bool started = false;
};

HttpParser::HttpParser(Kind kind, Limits limits, bool no_body)
    : impl_(std::make_unique<Impl>(kind, limits, no_body)) {}
HttpParser::~HttpParser() = default;
HttpParser::HttpParser(HttpParser&&) noexcept = default;
HttpParser& HttpParser::operator=(HttpParser&&) noexcept = default;

std::size_t HttpParser::feed(std::string_view bytes) {
  if (bytes.empty() || error() || done()) return 0;
  impl_->started = true;
  if (impl_->too_early(bytes.size())) return 0;
  boost::system::error_code ec;
  const std::size_t taken = impl_->each(
      [&](auto& p) { return p.put(boost::asio::const_buffer(bytes.data(), bytes.size()), ec); });
  impl_->note(ec);
  impl_->bound_head(taken);
  return taken;
}

void HttpParser::feed_end() {
  if (error() || done()) return;
  if (!impl_->started) {
    impl_->error = HttpParseError{.status = 400, .detail = "connection closed without an answer"};
    return;
  }
  boost::system::error_code ec;
  impl_->each([&](auto& p) { p.put_eof(ec); });
  impl_->note(ec);
}

bool HttpParser::started() const {
  return impl_->started;
}
bool HttpParser::head_done() const {
  return impl_->each([](auto& p) { return p.is_header_done(); });
}
bool HttpParser::done() const {
  return impl_->each([](auto& p) { return p.is_done(); });
}
const std::optional<HttpParseError>& HttpParser::error() const {
  return impl_->error;
}

const HttpMessage& HttpParser::head() {
  impl_->read_head();
  return impl_->out;
}

HttpMessage HttpParser::take() {
  impl_->read_head();
  impl_->each([&](auto& p) { impl_->out.body = std::move(p.get().body()); });
  return std::move(impl_->out);
}

std::string_view HttpMessage::header(std::string_view name) const {
  const auto found = std::ranges::find(headers, name, [](const auto& h) { return h.first; });
  return found == headers.end() ? std::string_view{} : found->second;
}

bool HttpMessage::has_token(std::string_view name, std::string_view token) const {
  for (const auto& [header_name, value] : headers) {
    if (header_name != name) continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      const std::size_t comma = rest.find(',');
      std::string_view one = rest.substr(0, comma);
      rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
      while (!one.empty() && (one.front() == ' ' || one.front() == '\t')) one.remove_prefix(1);
      while (!one.empty() && (one.back() == ' ' || one.back() == '\t')) one.remove_suffix(1);
      if (lower(one) == lower(token)) return true;
    }
  }
  return false;
}

}  // namespace feedwatch::net
