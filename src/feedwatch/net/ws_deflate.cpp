#include "feedwatch/net/ws_deflate.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include "feedwatch/net/http_codec.hpp"

namespace feedwatch::net {
namespace {

constexpr std::string_view extension = "permessage-deflate";

struct Parameter {
  std::string name;
  std::optional<std::string> value;
};
struct Extension {
  std::string name;
  std::vector<Parameter> parameters;
};

/// The words of a Sec-WebSocket-Extensions (RFC 6455 §9.1), from the front.
class ExtensionReader {
 public:
  explicit ExtensionReader(std::string_view text) : rest_(text) {}

  /// Nothing where the text does not follow the grammar.
  std::optional<std::vector<Extension>> read() {
    std::vector<Extension> all;
    do {
      auto one = read_extension();
      if (!one) return std::nullopt;
      all.push_back(std::move(*one));
    } while (take(','));
    if (!rest_.empty()) return std::nullopt;
    return all;
  }

 private:
  std::optional<Extension> read_extension() {
    Extension one;
    one.name = token();
    if (one.name.empty()) return std::nullopt;
    while (take(';')) {
      auto parameter = read_parameter();
      if (!parameter) return std::nullopt;
      one.parameters.push_back(std::move(*parameter));
    }
    return one;
  }

  std::optional<Parameter> read_parameter() {
    Parameter one{.name = token(), .value = std::nullopt};
    if (one.name.empty()) return std::nullopt;
    if (!take('=')) return one;
    const bool quoted = take('"');
    one.value = token();  // what is quoted has to be a token too
    if (one.value->empty() || (quoted && !take('"'))) return std::nullopt;
    return one;
  }

  std::string token() {
    skip_blanks();
    std::size_t n = 0;
    while (n < rest_.size() && is_header_name(rest_.substr(n, 1))) ++n;
    std::string word(rest_.substr(0, n));
    rest_.remove_prefix(n);
    skip_blanks();
    return word;
  }

  bool take(char mark) {
    skip_blanks();
    if (!rest_.starts_with(mark)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void skip_blanks() {
    while (rest_.starts_with(' ') || rest_.starts_with('\t')) rest_.remove_prefix(1);
  }

  std::string_view rest_;
};

/// Several headers of the name are one list (RFC 9110 §5.3).
std::string extensions_of(const HttpMessage& answer) {
  std::string all;
  for (const auto& [name, value] : answer.headers) {
    if (name != "sec-websocket-extensions") continue;
    if (!all.empty()) all += ',';
    all += value;
  }
  return all;
}

/// "8" to "15", without leading zeros (§7.1.2).
std::optional<int> window_bits(const std::optional<std::string>& text) {
  if (!text || text->starts_with('0')) return std::nullopt;
  int bits = 0;
  const char* end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, bits);
  if (error != std::errc{} || stop != end || bits < 8 || bits > 15) return std::nullopt;
  return bits;
}

std::string bad_value(const Parameter& parameter) {
  return fmt::format("answer with {}={} in {}", parameter.name, parameter.value.value_or("(none)"),
                     extension);
}

/// Notes one parameter of the answer; the error if it may not stand there.
std::optional<std::string> note(const Parameter& parameter, WsDeflate& agreed) {
  if (parameter.name == "server_no_context_takeover" ||
      parameter.name == "client_no_context_takeover") {
    if (parameter.value) return bad_value(parameter);
    agreed.fresh_context |= parameter.name.starts_with("server");
    return std::nullopt;
  }
  if (parameter.name == "server_max_window_bits" || parameter.name == "client_max_window_bits") {
    const auto bits = window_bits(parameter.value);
    if (!bits) return bad_value(parameter);
    if (parameter.name.starts_with("server")) agreed.window_bits = *bits;
    return std::nullopt;
  }
  return fmt::format("answer with a parameter of {} nobody knows: {}", extension, parameter.name);
}

}  // namespace

std::string_view deflate_offer() {
  // The words of browsers, so that no server sees them first from us. Both no_context_takeover and
  // server_max_window_bits may be answered without being asked for (§7.1).
  return "permessage-deflate; client_max_window_bits";
}

std::expected<std::optional<WsDeflate>, std::string> deflate_answer(const HttpMessage& answer) {
  const std::string text = extensions_of(answer);
  if (text.empty()) return std::nullopt;
  const auto extensions = ExtensionReader(text).read();
  if (!extensions) return std::unexpected("answer with malformed Sec-WebSocket-Extensions");
  for (const Extension& one : *extensions) {
    if (one.name != extension) {
      return std::unexpected("answer with an extension nobody asked for: " + one.name);
    }
  }
  if (extensions->size() > 1)
    return std::unexpected(fmt::format("answer with {} twice", extension));
  WsDeflate agreed;
  const std::vector<Parameter>& parameters = extensions->front().parameters;
  for (auto at = parameters.begin(); at != parameters.end(); ++at) {
    const bool again =
        std::any_of(parameters.begin(), at, [&](const Parameter& p) { return p.name == at->name; });
    if (again) return std::unexpected(fmt::format("answer with {} twice", at->name));
    if (auto wrong = note(*at, agreed)) return std::unexpected(std::move(*wrong));
  }
  return agreed;
}

}  // namespace feedwatch::net
