// Any bytes as what a venue sends: what gets out is whole, and does not depend on who reads them:
// the short way or the general parser, a decoder with a past or a new one, whatever stands behind
// the frame. The first byte says as what the rest is read:
//   m  messages of one connection, an empty line between them
//   i  a list of instruments
//   l q k x  a REST answer about the last price, quote, mark or index of the symbol that stands in
//      the line before
//   c  what a client sends us as the venue: a request, or the target of one
#include <fmt/format.h>

#include <algorithm>
#include <expected>
#include <iterator>
#include <memory>
#include <optional>

#include "feedwatch/base/utf8.hpp"
#include "feedwatch/venues/binance/binance.hpp"
#include "feedwatch/venues/bybit/bybit.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/fuzz/venue_messages.hpp"

namespace feedwatch::fuzz {
namespace {

using venues::Decoded;
using venues::Decoder;
using venues::MessageType;
using venues::Venue;
using venues::VenueSide;
using Read = std::expected<MessageType, venues::DecodeError>;

constexpr std::string_view rest_base = "http://venue";

const Venue& venue() {
  static const Venue* const found = venues::find_venue(venue_name);
  expect(found != nullptr, "no such venue");
  return *found;
}
const VenueSide& side() {
  return *venues::find_venue_side(venue_name);
}

/// The parser without the short way, where there is one.
std::unique_ptr<Decoder> make_general_decoder() {
  if (const auto* client = dynamic_cast<const venues::binance::Client*>(&venue())) {
    return venues::binance::make_general_decoder(client->traits());
  }
  if (const auto* client = dynamic_cast<const venues::bybit::Client*>(&venue())) {
    return venues::bybit::make_general_decoder(client->traits());
  }
  return venue().make_decoder();
}

/// Bytes of a frame on the heap, so that the sanitizer sees whoever reads beyond the padding.
class OwnedFrame {
 public:
  OwnedFrame(std::string_view payload, std::string_view behind) : size_(payload.size()) {
    bytes_ = std::make_unique<char[]>(size_ + frame_padding);
    std::ranges::copy(payload, bytes_.get());
    for (std::size_t i = 0; i < frame_padding; ++i) bytes_[size_ + i] = behind[i % behind.size()];
  }
  Frame frame() const { return {FrameType::text, {bytes_.get(), size_}}; }

 private:
  std::size_t size_;
  std::unique_ptr<char[]> bytes_;
};

void check_text(std::string_view text, const char* what) {
  expect(is_utf8(text), what);
}

void tell_price(std::string& out, bool present, const Decimal& price, std::string_view token) {
  expect(present != token.empty(), "a price without its text, or a text without its price");
  if (!present) return;
  const auto parsed = Decimal::parse(token);
  expect(parsed.has_value() && *parsed == price, "a price that its text does not say");
  fmt::format_to(std::back_inserter(out), " {}={}", token, price.to_string());
}

void tell_tick(std::string& out, const WireTick& tick) {
  expect(!tick.symbol.empty(), "a tick without a symbol");
  check_text(tick.symbol, "a symbol that is no text");
  expect(!tick.ts_event || to_ns(*tick.ts_event) > 0, "a moment before 1970");
  fmt::format_to(std::back_inserter(out), "\n{} {}", tick.symbol, to_text(tick.kind));
  tell_price(out, tick.fields.price, tick.prices.price, tick.price_text);
  tell_price(out, tick.fields.ask, tick.prices.ask, tick.ask_text);
  fmt::format_to(std::back_inserter(out), " at {} seq {} {}{}",
                 tick.ts_event ? to_ns(*tick.ts_event) : 0,
                 tick.seq ? std::to_string(*tick.seq) : "none", tick.snapshot ? "snapshot" : "",
                 tick.restart ? "restart" : "");
}

void tell_ack(std::string& out, const venues::Ack& ack) {
  check_text(ack.message, "a refusal that is no text");
  fmt::format_to(std::back_inserter(out), "\nack {} ok {} complete {} often {}: {}",
                 ack.request_id ? std::to_string(*ack.request_id) : "none", ack.ok, ack.complete,
                 ack.too_often, ack.message);
  for (const venues::Topic& topic : ack.topics) {
    check_text(topic.symbol, "a topic that is no text");
    expect(topic.channel < venue().sheet().channels.size(), "a channel that does not exist");
    fmt::format_to(std::back_inserter(out), "\n  {} {}", topic.channel, topic.symbol);
  }
}

/// Everything that was decoded, after a check of what must be so whatever the bytes were.
std::string tell(const Read& read, const Decoded& out) {
  const auto is = [&](MessageType type) { return read && *read == type; };
  expect(is(MessageType::data) || (out.ticks.empty() && out.beats.empty()), "half of a message");
  expect(is(MessageType::ack) == out.ack.has_value(), "an answer, or none");
  expect(is(MessageType::status) == out.status.has_value(), "a status, or none");
  if (!read) {
    check_text(read.error().symbol, "a symbol at fault that is no text");
    return fmt::format("{} {} {}", to_text(read.error().code), read.error().field,
                       read.error().symbol);
  }
  std::string text = fmt::format("type {} reply {}", static_cast<int>(*read), out.reply);
  for (const WireTick& tick : out.ticks) tell_tick(text, tick);
  for (const venues::Beat& beat : out.beats) {
    check_text(beat.symbol, "the symbol of a beat that is no text");
    fmt::format_to(std::back_inserter(text), "\nbeat {} {} {}", beat.channel, beat.symbol,
                   beat.trade_id.value_or(0));
  }
  if (out.ack) tell_ack(text, *out.ack);
  if (out.status) {
    check_text(out.status->detail, "a status that is no text");
    fmt::format_to(std::back_inserter(text), "\ntrading {}: {}", out.status->trading,
                   out.status->detail);
    for (const std::string& name : out.status->lasting) text += "\nlasts " + name;
    for (const std::string& name : out.status->over) text += "\nover " + name;
  }
  return text;
}

std::string read_with(Decoder& decoder, std::string_view payload, std::string_view behind) {
  const OwnedFrame owned(payload, behind);
  Decoded out;
  const Read read = decoder.decode(owned.frame(), out);
  return tell(read, out);
}

void expect_same(const std::string& a, const std::string& b, const char* what) {
  if (a != b) fail(fmt::format("{}\n--- one:\n{}\n--- other:\n{}", what, a, b));
}

/// An event nobody wants is known by its head, and what stands behind is not looked at: only the
/// general parser sees that it is broken.
bool passed_over(std::string_view scanned, std::string_view parsed) {
  const std::string ignored = fmt::format("type {} reply ", static_cast<int>(MessageType::ignored));
  return scanned == ignored && !parsed.starts_with("type ");
}

void read_messages(std::string_view text) {
  const auto experienced = venue().make_decoder();
  const auto general = make_general_decoder();
  while (true) {
    const auto end = text.find("\n\n");
    const std::string_view payload = text.substr(0, end);
    const std::string one = read_with(*experienced, payload, std::string_view("\0", 1));
    const std::string other = read_with(*general, payload, "\"}],");
    if (!passed_over(one, other)) expect_same(one, other, "the general parser reads otherwise");
    expect_same(one, read_with(*venue().make_decoder(), payload, "0"),
                "a new decoder reads otherwise");
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 2);
  }
}

void check_url(std::string_view url) {
  expect(url.empty() || url.starts_with(rest_base), "a URL that leaves the venue");
  for (const char c : url) expect(c > ' ' && c < '\x7f', "a URL that no request line bears");
}

void read_instruments(std::string_view body) {
  check_url(venue().next_instruments_url(rest_base, body));
  const auto list = venue().parse_instruments(body);
  if (!list) return expect(!list.error().empty(), "an error that says nothing");
  for (const venues::Instrument& instrument : *list) {
    check_text(instrument.symbol, "an instrument that is no text");
  }
}

void read_price(Kind kind, std::string_view text) {
  const auto end = std::min(text.find('\n'), text.size());
  const std::string_view symbol = text.substr(0, end);
  const std::string_view body = text.substr(std::min(end + 1, text.size()));
  check_url(venue().price_url(rest_base, symbol, kind));
  const auto answer = venue().parse_price(body, symbol, kind);
  if (!answer) return expect(!answer.error().empty(), "an error that says nothing");
  // As text it must come back the same: nothing of it overflowed.
  const auto whole = [](const Decimal& price) {
    const auto back = Decimal::parse(price.to_string());
    expect(back.has_value() && *back == price, "a price that cannot be told");
  };
  whole(answer->prices.price);
  if (kind == Kind::quote) whole(answer->prices.ask);
}

/// What is understood is answered, and the answers are read by our own client.
void read_client(std::string_view text) {
  std::vector<venues::Topic> topics;
  if (const auto route = side().route_of(text, topics)) {
    for (const venues::Topic& topic : topics) side().delivers(*route, topic.channel);
  }
  if (side().rest_path(text)) side().encode_instruments_page(text, {});
  const venues::ClientMessage message = side().parse_client(text);
  for (const venues::Topic& topic : message.topics) topics.push_back(topic);
  for (const venues::Topic& topic : topics) {
    expect(topic.channel < side().sheet().channels.size(), "a channel that does not exist");
  }
  const auto decoder = venue().make_decoder();
  const auto answer = [&](const std::string& said) { read_with(*decoder, said, "0"); };
  if (!message.invalid.empty()) answer(side().encode_refusal(message));
  if (message.op == venues::ClientOp::ping) answer(side().encode_pong(message));
  if (message.op != venues::ClientOp::unknown) {
    for (const std::string& said : side().encode_ack(message)) answer(said);
  }
}

}  // namespace
}  // namespace feedwatch::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace feedwatch::fuzz;
  using feedwatch::Kind;
  Input input(data, size);
  switch (input.byte()) {
    case 'i':
      read_instruments(input.rest());
      break;
    case 'l':
      read_price(Kind::last, input.rest());
      break;
    case 'q':
      read_price(Kind::quote, input.rest());
      break;
    case 'k':
      read_price(Kind::mark, input.rest());
      break;
    case 'x':
      read_price(Kind::index, input.rest());
      break;
    case 'c':
      read_client(input.rest());
      break;
    default:
      read_messages(input.rest());
      break;
  }
  return 0;
}
