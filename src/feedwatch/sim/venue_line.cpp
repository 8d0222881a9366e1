#include "feedwatch/sim/venue_line.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "feedwatch/base/duration_text.hpp"

namespace feedwatch::sim {
namespace {

constexpr std::string_view valid_words =
    "SYMBOL/KIND, every D, also SYMBOL[/KIND], missing SYMBOL/KIND, optional, refuse-unknown, "
    "latency D, "
    "jitter D, lines N; a venue of its own: clocked, event, publish-time, trade-time, no-time, "
    "snapshot, "
    "unchanged, repeats, ordered, comparable, suspect D, symbol-beats D, line-beats D, "
    "ping none|protocol|text, heartbeat D, heartbeat-text D, forced-close D, dial-limit N/D, "
    "message-limit N/D, rest-limit N/D, rest-all N, "
    "topics-per-line N";

/// "300/5m".
venues::RateLimit take_limit(LineReader& words, std::string_view what) {
  const std::string text = words.take(what, "N/D, as in 300/5m");
  const std::size_t slash = text.find('/');
  LineReader number{text.substr(0, slash)};
  const auto window =
      parse_duration(slash == std::string::npos ? "" : std::string_view{text}.substr(slash + 1));
  if (!window) LineReader::fail(fmt::format("{}: \"{}\" is no limit", what, text), "write 300/5m");
  return {static_cast<std::uint32_t>(number.take_number(what)), *window};
}

class VenueReader {
 public:
  VenueReader(LineReader& words, const Distance& distance) : words_(words) {
    out_.setup.distance = distance;
    out_.setup.name = words_.take("a venue name");
    sheet_.name = out_.setup.name;
    out_.setup.client = venues::find_venue(out_.setup.name);
    out_.setup.side = venues::find_venue_side(out_.setup.name);
  }

  VenueLine read() {
    while (!words_.done()) take_item();
    if (out_.setup.symbols.empty() && out_.setup.streams.empty()) {
      LineReader::fail("a venue without a stream", "add SYMBOL/KIND");
    }
    if (!real()) {
      if (sheet_.channels.empty()) LineReader::fail("a venue without a channel", "add SYMBOL/KIND");
      out_.generic = std::make_unique<GenericVenue>(sheet_);
      out_.setup.client = out_.generic.get();
      out_.setup.side = out_.generic.get();
    }
    return std::move(out_);
  }

 private:
  bool real() const { return out_.setup.side != nullptr; }

  void take_item() {
    const std::string word = words_.take("a word");
    if (word == "clocked" || word == "event") {
      begin_group(word == "clocked" ? CadenceType::clocked : CadenceType::event);
    } else if (!take_model_word(word) && !take_sheet_word(word) && !take_flag(word)) {
      if (word.find('/') == std::string::npos) {
        LineReader::fail(fmt::format("\"{}\" means nothing here", word),
                         fmt::format("valid: {}", valid_words));
      }
      for (const std::string& stream : expand_range(word)) add_stream(stream, true);
    }
  }

  /// Words that say how the venue behaves, valid for every venue.
  bool take_model_word(std::string_view word) {
    VenueSetup& setup = out_.setup;
    if (word == "every") {
      set_period(words_.take_duration("every"));
    } else if (word == "also") {
      for (const std::string& symbol : expand_range(words_.take("a symbol"))) add_traded(symbol);
    } else if (word == "missing") {
      for (const std::string& stream : expand_range(words_.take("a stream"))) {
        add_stream(stream, false);
      }
    } else if (word == "optional") {
      setup.required = false;
    } else if (word == "lines") {
      setup.lines = static_cast<std::size_t>(words_.take_number("lines"));
      if (setup.lines < 1 || setup.lines > 4) LineReader::fail("lines: 1 to 4");
    } else if (word == "refuse-unknown") {
      setup.refuse_unknown = true;
    } else if (word == "latency") {
      setup.distance.latency = words_.take_duration("latency");
    } else if (word == "jitter") {
      setup.distance.jitter = words_.take_duration("jitter");
    } else {
      return false;
    }
    return true;
  }

  /// Words that describe the sheet of a venue that has none.
  bool take_sheet_word(std::string_view word) {
    if (word == "ping") {
      const std::string style = words_.take("a ping style", "none, protocol, text");
      sheet_.ping = style == "none"   ? venues::PingStyle::none
                    : style == "text" ? venues::PingStyle::text
                                      : venues::PingStyle::protocol;
      if (style != "none" && style != "text" && style != "protocol") {
        LineReader::fail(fmt::format("\"{}\" is no ping style", style), "none, protocol, text");
      }
    } else if (word == "heartbeat" || word == "heartbeat-text") {
      sheet_.server_heartbeat = words_.take_duration(word);
      sheet_.heartbeat_is_text = word == "heartbeat-text";
    } else if (word == "forced-close") {
      sheet_.forced_close = words_.take_duration(word);
    } else if (word == "symbol-beats" || word == "line-beats") {
      add_beats(word == "symbol-beats" ? venues::BeatScope::symbol : venues::BeatScope::line,
                words_.take_duration(word));
    } else if (word == "dial-limit") {
      sheet_.dials = take_limit(words_, "dial-limit");
    } else if (word == "message-limit") {
      sheet_.messages = take_limit(words_, "message-limit");
    } else if (word == "rest-limit") {
      sheet_.rest = take_limit(words_, "rest-limit");
    } else if (word == "rest-all") {
      sheet_.rest_all = static_cast<std::uint32_t>(words_.take_number("rest-all"));
    } else if (word == "topics-per-line") {
      sheet_.max_topics_per_line = static_cast<std::size_t>(words_.take_number("topics-per-line"));
    } else {
      return false;
    }
    need_generic(word);
    return true;
  }

  /// Words about the channels of the group that stands before them.
  bool take_flag(std::string_view word) {
    const auto set = [&](auto change) {
      need_generic(word);
      if (group_ == sheet_.channels.size()) {
        LineReader::fail(fmt::format("\"{}\" before its streams", word), "put it after them");
      }
      for (std::size_t i = group_; i < sheet_.channels.size(); ++i) change(sheet_.channels[i]);
      return true;
    };
    if (word == "publish-time") return set([](auto& c) { c.event_time = EventTime::publish; });
    if (word == "trade-time") return set([](auto& c) { c.event_time = EventTime::trade; });
    if (word == "no-time") return set([](auto& c) { c.event_time = EventTime::none; });
    if (word == "snapshot") return set([](auto& c) { c.snapshot_on_subscribe = true; });
    if (word == "unchanged") return set([](auto& c) { c.absent_is_unchanged = true; });
    if (word == "repeats") return set([](auto& c) { c.repeat_confirms = true; });
    if (word == "ordered") return set([](auto& c) { c.seq_orders = true; });
    if (word == "comparable") return set([](auto& c) { c.seq_orders = c.seq_comparable = true; });
    if (word == "suspect") {
      const Duration after = words_.take_duration("suspect");
      return set([after](auto& c) { c.suspect_after = after; });
    }
    return false;
  }

  void need_generic(std::string_view word) const {
    if (!real()) return;
    LineReader::fail(fmt::format("\"{}\": {} has its own sheet", word, out_.setup.name),
                     "remove it");
  }

  void begin_group(CadenceType type) {
    need_generic(type == CadenceType::clocked ? "clocked" : "event");
    type_ = type;
    group_ = sheet_.channels.size();
  }

  void set_period(Duration period) {
    if (period <= Duration{}) LineReader::fail("a period of zero", "every 1s");
    if (real() || type_ == CadenceType::event) {
      out_.setup.event_every = period;
      return;
    }
    for (std::size_t i = group_; i < sheet_.channels.size(); ++i) {
      sheet_.channels[i].cadence = clocked(period);
    }
  }

  void add_symbol(std::string symbol) {
    if (std::ranges::find(out_.setup.symbols, symbol) == out_.setup.symbols.end()) {
      out_.setup.symbols.push_back(std::move(symbol));
    }
  }

  void add_stream(const std::string& stream, bool traded) {
    const StreamKey key = key_of(stream);
    out_.setup.streams.push_back(stream);
    if (traded) add_symbol(key.symbol);
    need_channel(key.kind);
  }

  /// Traded and not configured; with its kind, there is a channel for it as well.
  void add_traded(const std::string& word) {
    if (word.find('/') == std::string::npos) return add_symbol(word);
    const StreamKey key = key_of(word);
    add_symbol(key.symbol);
    need_channel(key.kind);
  }

  StreamKey key_of(const std::string& stream) const {
    auto key = StreamKey::parse(out_.setup.name + "/" + stream);
    if (!key) LineReader::fail(key.error().text(), "write SYMBOL/last, quote, mark or index");
    return std::move(*key);
  }

  void need_channel(Kind kind) {
    if (!real()) return add_channel(kind);
    if (venues::channel_for(out_.setup.side->sheet(), kind)) return;
    LineReader::fail(fmt::format("{} has no channel for {}", out_.setup.name, to_text(kind)));
  }

  /// Before the group that is being read, so that its flags do not reach it.
  void add_beats(venues::BeatScope scope, Duration period) {
    if (period <= Duration{}) LineReader::fail("a period of zero", "symbol-beats 1s");
    sheet_.channels.insert(sheet_.channels.begin(), {.beats = scope, .cadence = clocked(period)});
    ++group_;
  }

  void add_channel(Kind kind) {
    const bool known = std::ranges::any_of(sheet_.channels, [&](const GenericChannel& each) {
      return each.kind == kind && each.beats == venues::BeatScope::none;
    });
    if (known) return;
    sheet_.channels.push_back(
        {.kind = kind, .cadence = type_ == CadenceType::clocked ? clocked(1s) : event_driven()});
  }

  LineReader& words_;
  VenueLine out_;
  GenericSheet sheet_;
  CadenceType type_ = CadenceType::clocked;
  std::size_t group_ = 0;  ///< first channel of the clocked or event group being read
};

}  // namespace

VenueLine take_venue(LineReader& words, const Distance& distance) {
  return VenueReader(words, distance).read();
}

}  // namespace feedwatch::sim
