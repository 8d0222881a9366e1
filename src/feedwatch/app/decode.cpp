#include "feedwatch/app/decode.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <istream>
#include <map>
#include <ostream>
#include <set>

#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/base/ports/transport.hpp"
#include "feedwatch/base/time_text.hpp"
#include "feedwatch/capture/reader.hpp"
#include "feedwatch/model/stream_key.hpp"
#include "feedwatch/venues/venue.hpp"

namespace feedwatch::app {

namespace {

constexpr std::size_t max_errors_shown = 20;
constexpr std::size_t max_addresses_shown = 5;
constexpr std::size_t max_excerpt = 120;

struct StreamCount {
  std::uint64_t ticks = 0;
  std::uint64_t with_price = 0;
};

struct Account {
  std::map<std::string, StreamCount> streams;
  std::uint64_t frames = 0;
  std::uint64_t skipped = 0;  ///< frames of other connections
  std::uint64_t errors = 0;
  std::map<std::string_view, std::uint64_t> messages;  ///< by what they were
  std::set<std::string> other_addresses;               ///< a few, for the message
};

std::string_view to_text(venues::MessageType type) {
  switch (type) {
    case venues::MessageType::data:
      return "data";
    case venues::MessageType::ack:
      return "ack";
    case venues::MessageType::pong:
      return "pong";
    case venues::MessageType::ping:
      return "ping";
    case venues::MessageType::notice:
      return "notice";
    case venues::MessageType::status:
      return "status";
    case venues::MessageType::ignored:
      return "ignored";
  }
  return "";
}

void write_tick(std::string& line, const std::string& stream, const WireTick& tick) {
  JsonWriter json(line);
  const bool quote = tick.kind == Kind::quote;
  const std::string_view price_key = quote ? "bid" : "price";
  json.begin_object().field("stream", stream);
  if (tick.fields.price) json.field(price_key, tick.price_text);
  if (tick.fields.ask) json.field("ask", tick.ask_text);
  json.key("ts_event");
  tick.ts_event ? json.string(format_time(*tick.ts_event)) : json.null();
  json.field("seq", tick.seq).key("fields").begin_array();
  if (tick.fields.price) json.string(price_key);
  if (tick.fields.ask) json.string("ask");
  json.end_array().end_object();
  line.push_back('\n');
}

/// One run over one capture. Lives for one call of run_decode.
class Run {
 public:
  Run(const DecodeArgs& args, const venues::Venue& venue, const venues::VenueSide& side,
      std::ostream& out, std::ostream& err)
      : args_(args), venue_(venue), side_(side), out_(out), err_(err) {}

  int read(capture::Reader& reader) {
    for (;;) {
      const auto record = reader.next();
      if (!record) {
        err_ << "feedwatch: " << record.error().text() << '\n';
        close();
        return 1;
      }
      if (!*record) break;
      if ((*record)->direction == capture::Direction::received) take(**record);
      if (!out_) {
        err_ << "feedwatch: decode: standard output cannot be written\n";
        return 1;
      }
    }
    const bool wrong_capture = account_.frames == 0 && account_.skipped > 0;
    if (wrong_capture) complain_of_connections();
    close();
    return account_.errors > 0 || wrong_capture ? 1 : 0;
  }

 private:
  bool selected(const capture::Record& record) const {
    if (!args_.connection.empty()) {
      return glob_match(args_.connection, record.connection) ||
             glob_match(args_.connection, record.address);
    }
    return record.address.empty() || venues::serves(side_, record.address);
  }

  void take(const capture::Record& record) {
    if (!selected(record)) {
      ++account_.skipped;
      if (account_.other_addresses.size() < max_addresses_shown) {
        account_.other_addresses.emplace(record.address);
      }
      return;
    }
    ++account_.frames;
    const Frame frame{record.binary ? FrameType::binary : FrameType::text, record.text};
    const auto type = decoder(record.connection).decode(frame, decoded_);
    if (!type) return report(record, type.error());
    ++account_.messages[to_text(*type)];
    line_.clear();
    for (const WireTick& tick : decoded_.ticks) {
      const std::string stream = StreamKey{args_.venue, std::string(tick.symbol), tick.kind}.text();
      StreamCount& count = account_.streams[stream];
      ++count.ticks;
      count.with_price += tick.fields.any() ? 1U : 0U;
      write_tick(line_, stream, tick);
    }
    out_ << line_;
  }

  /// A decoder belongs to one connection; the number of them is bounded by the reader.
  venues::Decoder& decoder(std::string_view connection) {
    auto found = decoders_.find(connection);
    if (found == decoders_.end()) {
      found = decoders_.emplace(std::string(connection), venue_.make_decoder()).first;
    }
    return *found->second;
  }

  void report(const capture::Record& record, const venues::DecodeError& error) {
    if (++account_.errors > max_errors_shown) return;
    std::string text = fmt::format("feedwatch: {} line {}: {}", source(), record.line,
                                   venues::to_text(error.code));
    if (!error.field.empty()) text += fmt::format(" '{}'", error.field);
    if (!error.symbol.empty()) text += " of " + json_quoted(error.symbol);
    err_ << text << ": " << json_quoted(record.text.substr(0, max_excerpt)) << '\n';
  }

  void complain_of_connections() {
    const venues::VenueSheet& sheet = venue_.sheet();
    const std::string own = venue_.dial_url(sheet.ws_url, sheet.channels.front().route);
    err_ << "feedwatch: " << source() << ": no connection of " << args_.venue << " (";
    if (!sheet.protocol.empty()) err_ << sheet.protocol << ", ";
    err_ << own << ") among";
    for (const std::string& address : account_.other_addresses) err_ << ' ' << json_quoted(address);
    err_ << " (name the venue recorded, or a connection with --connection)\n";
  }

  void close() {
    out_.flush();
    if (account_.errors > max_errors_shown) {
      err_ << "feedwatch: " << account_.errors - max_errors_shown << " further errors not shown\n";
    }
    args_.counts ? write_json() : write_table();
  }

  void write_json() {
    std::string text;
    JsonWriter json(text);
    json.begin_object().field("frames", account_.frames).field("skipped", account_.skipped);
    json.field("errors", account_.errors).key("messages").begin_object();
    for (const auto& [type, count] : account_.messages) json.field(type, count);
    json.end_object().key("streams").begin_object();
    for (const auto& [stream, count] : account_.streams) {
      json.key(stream).begin_object().field("ticks", count.ticks);
      json.field("with_price", count.with_price).end_object();
    }
    json.end_object().end_object();
    err_ << text << '\n';
  }

  void write_table() {
    for (const auto& [stream, count] : account_.streams) {
      err_ << fmt::format("{:>9} ticks {:>9} with price  {}\n", count.ticks, count.with_price,
                          stream);
    }
    err_ << fmt::format("{} frames, {} streams, {} errors, {} frames of other connections\n",
                        account_.frames, account_.streams.size(), account_.errors,
                        account_.skipped);
  }

  std::string source() const { return args_.file.empty() ? "standard input" : args_.file; }

  const DecodeArgs& args_;
  const venues::Venue& venue_;
  const venues::VenueSide& side_;
  std::ostream& out_;
  std::ostream& err_;
  std::map<std::string, std::unique_ptr<venues::Decoder>, std::less<>> decoders_;
  venues::Decoded decoded_;
  std::string line_;
  Account account_;
};

std::string known_venues() {
  std::string names;
  for (const std::string_view name : venues::venue_names()) {
    if (!names.empty()) names += ", ";
    names += name;
  }
  return names;
}

}  // namespace

int run_decode(const DecodeArgs& args, std::istream& in, std::ostream& out, std::ostream& err) {
  const venues::Venue* venue = venues::find_venue(args.venue);
  const venues::VenueSide* side = venues::find_venue_side(args.venue);
  if (venue == nullptr || side == nullptr) {
    err << "feedwatch: decode: unknown venue " << json_quoted(args.venue) << " (use one of "
        << known_venues() << ")\n";
    return 2;
  }
  auto reader = args.file.empty() ? capture::Reader::open(in, "standard input")
                                  : capture::Reader::open(args.file);
  if (!reader) {
    err << "feedwatch: " << reader.error().text() << '\n';
    return 1;
  }
  return Run(args, *venue, *side, out, err).read(**reader);
}

}  // namespace feedwatch::app
