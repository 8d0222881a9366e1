#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

#include "feedwatch/sim/fact_parser.hpp"
#include "feedwatch/sim/fault_line.hpp"
#include "feedwatch/sim/line_reader.hpp"
#include "feedwatch/sim/scenario.hpp"
#include "feedwatch/sim/scenario_check.hpp"
#include "feedwatch/sim/venue_line.hpp"

namespace feedwatch::sim {
namespace {

constexpr std::string_view line_words =
    "venue, policy, consumer, market, maintenance, protect, fault, at, expect, seed, options";
constexpr std::string_view host_words =
    "stall D, suspend D, wall ±D, journal down|unsure|up, sink down|up";

class Parser {
 public:
  explicit Parser(std::string file) { out_.file = std::move(file); }

  void take_line(std::string_view text, int number) {
    line_ = number;
    LineReader words{text};
    if (words.done()) return;
    const std::string word = words.take("a word");
    if (word == "venue") {
      take_venue_line(words);
    } else if (word == "market") {
      take_market(words);
    } else if (word == "policy") {
      take_policy(words);
    } else if (word == "consumer") {
      take_consumer(words);
    } else if (word == "maintenance") {
      out_.world.maintenances.push_back(take_maintenance(words));
    } else if (word == "protect") {
      out_.world.position_rules = take_position_rules(words);
    } else if (word == "fault") {
      take_fault(words);
    } else if (word == "at") {
      take_at(words);
    } else if (word == "expect") {
      take_expect(words, text);
    } else if (word == "seed") {
      out_.world.seed = static_cast<std::uint64_t>(words.take_number("seed"));
    } else if (word == "options") {
      take_options(words);
    } else {
      LineReader::fail(fmt::format("\"{}\" begins no line", word),
                       fmt::format("one of: {}", line_words));
    }
    words.finish();
  }

  Scenario finish() {
    if (out_.world.venues.empty() && out_.expectations.empty()) {
      LineReader::fail("nothing in it", "write at least a venue and an expect line");
    }
    for (const Step& step : out_.steps) lengthen(step.at);
    for (const Expectation& each : out_.expectations) lengthen(each.last + each.tolerance);
    for (Expectation& each : out_.expectations) {
      if (each.when == Expectation::When::never) each.last = out_.length;
    }
    check_names(out_, globs_);
    return std::move(out_);
  }

 private:
  void lengthen(Duration at) { out_.length = std::max(out_.length, at + 100ms); }

  // ---- what there is ----

  void take_venue_line(LineReader& words) {
    VenueLine line = take_venue(words, distance_);
    if (std::ranges::find(names_.venues, line.setup.name) != names_.venues.end()) {
      LineReader::fail(fmt::format("venue {} twice", line.setup.name), "one line for each venue");
    }
    names_.venues.push_back(line.setup.name);
    out_.world.venues.push_back(std::move(line.setup));
    if (line.generic) out_.generic.push_back(std::move(line.generic));
  }

  /// A market that moves as a recorded one did.
  void take_market(LineReader& words) {
    SeriesStep step{.venue = words.take("a venue"), .played = {}};
    check_venue(step.venue);
    const StreamKey key = take_traded(words, step.venue);
    if (key.kind == Kind::quote) {
      LineReader::fail("a series of trades has no bid and ask", "use last, mark or index");
    }
    if (!words.accept("series")) {
      LineReader::fail("what moves it?", "market VENUE SYMBOL/KIND series PATH [from D] [again]");
    }
    const std::string path = words.take("the path of a series");
    Duration from{};
    while (!words.done()) {
      if (words.accept("from"))
        from = words.take_duration("from");
      else if (words.accept("again"))
        step.played.again = true;
      else
        words.finish("from D, again");
    }
    auto series = load_series(path, std::filesystem::path{out_.file}.parent_path().string());
    if (!series) {
      LineReader::fail(series.error().what + ": " + series.error().why, series.error().fix);
    }
    step.played.symbol = key.symbol;
    step.played.kind = key.kind;
    step.played.series = std::move(*series);
    add_step(from, std::move(step));
  }

  void take_policy(LineReader& words) {
    PolicyRule rule;
    rule.match = words.take("a stream glob");
    globs_.push_back({line_, "the policy", rule.match});
    while (!words.done()) {
      const std::string word = words.take("a word");
      if (word == "preset") continue;
      if (const auto preset = preset_from_text(word)) {
        rule.preset = preset;
      } else if (word == "degraded") {
        rule.degraded_after = words.take_duration(word);
      } else if (word == "stale") {
        rule.stale_after = words.take_duration(word);
      } else if (word == "suspect") {
        rule.suspect_after = words.take_duration(word);
      } else if (word == "first-tick") {
        rule.first_tick_after = words.take_duration(word);
      } else if (word == "recover") {
        rule.recover_ticks = static_cast<int>(words.take_number(word));
      } else if (word == "protect") {
        rule.protect_max_age = words.take_duration(word);
      } else {
        LineReader::fail(fmt::format("\"{}\" is no part of a policy", word),
                         "coarse, tight, degraded D, stale D, suspect D, first-tick D, recover N, "
                         "protect D");
      }
    }
    out_.world.policies.push_back(std::move(rule));
  }

  void take_consumer(LineReader& words) {
    ConsumerSetup consumer;
    consumer.name = words.take("a consumer name");
    while (!words.done()) {
      const std::string word = words.take("a word");
      if (word == "max-age") {
        consumer.max_age = words.take_duration(word);
      } else if (word == "every") {
        consumer.min_interval = words.take_duration(word);
      } else if (word == "on") {
        consumer.match = words.take("a stream glob");
        globs_.push_back({line_, "the consumer", consumer.match});
      } else {
        LineReader::fail(fmt::format("\"{}\" is no part of a consumer", word),
                         "max-age D, every D, on GLOB");
      }
    }
    if (consumer.match.empty()) LineReader::fail("a consumer of nothing", "add: on STREAM");
    if (std::ranges::find(names_.consumers, consumer.name) == names_.consumers.end()) {
      names_.consumers.push_back(consumer.name);
    }
    out_.world.consumers.push_back(std::move(consumer));
  }

  void take_options(LineReader& words) {
    engine::AlertOptions& alerts = out_.world.alerts;
    while (!words.done()) {
      const std::string word = words.take("an option");
      if (word == "until")
        lengthen(words.take_duration(word));
      else if (word == "latency")
        distance_.latency = words.take_duration(word);
      else if (word == "jitter")
        distance_.jitter = words.take_duration(word);
      else if (word == "keep-firing")
        alerts.keep_firing = words.take_duration(word);
      else if (word == "line-down-for")
        alerts.line_down_for = words.take_duration(word);
      else if (word == "group-wait")
        alerts.group_wait = words.take_duration(word);
      else if (word == "repeat")
        alerts.repeat = words.take_duration(word);
      else if (word == "instruments")
        out_.world.instruments = take_on_off(words);
      else if (word == "preset")
        take_preset(words);
      else if (!words.accept(";"))
        LineReader::fail(fmt::format("\"{}\" is no option", word),
                         "until D, latency D, jitter D, keep-firing D, line-down-for D, "
                         "group-wait D, repeat D, instruments on|off, preset coarse|tight");
      words.accept(";");
    }
  }

  static bool take_on_off(LineReader& words) {
    const std::string word = words.take("on or off");
    if (word != "on" && word != "off") LineReader::fail(fmt::format("\"{}\"", word), "on, off");
    return word == "on";
  }

  void take_preset(LineReader& words) {
    const std::string word = words.take("a preset", "coarse, tight");
    const auto preset = preset_from_text(word);
    if (!preset) LineReader::fail(fmt::format("\"{}\" is no preset", word), "coarse, tight");
    out_.world.default_preset = *preset;
  }

  // ---- what happens ----

  void add_step(Duration at, decltype(Step::what) what) {
    out_.steps.push_back({.at = at, .line = line_, .what = std::move(what)});
  }

  void take_fault(LineReader& words) {
    if (!words.accept("at")) LineReader::fail("when?", "write: fault at 20s VENUE FAULT");
    const Duration at = words.take_duration("at");
    const std::string target = words.take("a venue, or monitor");
    if (target == "monitor") return take_host_fault(words, at);
    check_venue(target);
    const std::string word = words.take("a fault", fault_list());
    if (word == "restore") return take_restore(words, at, target);
    const auto known = fault_words();
    const auto found = std::ranges::find(known, word, &FaultWord::word);
    if (found == known.end()) {
      LineReader::fail(fmt::format("\"{}\" is no fault", word), "one of: " + fault_list());
    }
    take_venue_fault(words, at, target, *found);
  }

  void take_venue_fault(LineReader& words, Duration at, const std::string& venue,
                        const FaultWord& word) {
    FaultLine line = read_fault(words, at, word);
    for (const std::string& symbol : line.symbols) {
      check_trades(venue, symbol);
      line.fault.symbol = symbol;
      add_step(at, FaultStep{venue, line.fault});
    }
  }

  void take_restore(LineReader& words, Duration at, const std::string& venue) {
    RestoreStep step{.venue = venue, .type = {}, .symbol = {}};
    if (words.accept("symbol")) {
      for (const std::string& symbol : expand_range(words.take("a symbol"))) {
        check_trades(venue, symbol);
        step.symbol = symbol;
        add_step(at, step);
      }
      return;
    }
    if (!words.accept("all") && !words.done()) {
      const std::string word = words.take("a fault");
      const auto known = fault_words();
      const auto found = std::ranges::find(known, word, &FaultWord::word);
      if (found == known.end()) {
        LineReader::fail(fmt::format("\"{}\" is no fault", word),
                         "all, symbol NAME, " + fault_list());
      }
      step.type = found->type;
    }
    add_step(at, step);
  }

  void take_host_fault(LineReader& words, Duration at) {
    using enum HostStep::Type;
    const std::string word = words.take("what", host_words);
    if (word == "stall" || word == "suspend") {
      add_step(at, HostStep{pause, words.take_duration(word)});
    } else if (word == "wall") {
      words.accept("step");
      add_step(at, HostStep{wall_step, words.take_signed_duration(word)});
    } else if (word == "journal" || word == "sink") {
      add_step(at, HostStep{take_port_state(words, word == "journal")});
    } else {
      LineReader::fail(fmt::format("\"{}\" does not happen to the monitor", word),
                       fmt::format("one of: {}", host_words));
    }
  }

  static HostStep::Type take_port_state(LineReader& words, bool journal) {
    using enum HostStep::Type;
    const std::string_view valid = journal ? "down, unsure, up" : "down, up";
    const std::string state = words.take("a state", valid);
    if (state == "down") return journal ? journal_down : sink_down;
    if (state == "up") return journal ? journal_up : sink_up;
    if (journal && state == "unsure") return journal_unsure;
    LineReader::fail(fmt::format("\"{}\"", state), std::string(valid));
  }

  void take_at(LineReader& words) {
    const Duration at = words.take_duration("at");
    const std::string word = words.take(
        "a venue, want, unwant, hold, close, source, bot, receiver, subscribe, unsubscribe, "
        "silence, "
        "expire, ack or unack");
    if (is_mute_word(word)) return add_step(at, take_mute(words, word));
    if (is_position_word(word)) return add_step(at, take_position(words, word));
    if (word == "source") return add_step(at, take_source(words));
    if (word == "bot") return add_step(at, BotStep{take_bot_mode(words)});
    if (word == "receiver") {
      out_.world.receiver = true;
      return add_step(at, ReceiverStep{take_answer(words)});
    }
    if (word == "want" || word == "unwant") return take_want(words, at, word == "want");
    if (word == "subscribe" || word == "unsubscribe") {
      const std::string consumer = words.take("a consumer");
      if (std::ranges::find(names_.consumers, consumer) == names_.consumers.end()) {
        LineReader::fail(fmt::format("no consumer {}", consumer),
                         fmt::format("one of: {}", fmt::join(names_.consumers, ", ")));
      }
      return add_step(at, ConsumerStep{consumer, word == "subscribe"});
    }
    check_venue(word);
    take_message(words, at, word);
  }

  void take_want(LineReader& words, Duration at, bool want) {
    const auto key = StreamKey::parse(words.take("a stream"));
    if (!key) LineReader::fail(key.error().text(), "write VENUE/SYMBOL/KIND");
    check_kind(*key);
    WantStep step{.key = *key, .owner = "scenario", .ttl = {}, .want = want};
    while (!words.done()) {
      if (words.accept("for"))
        step.ttl = words.take_duration("for");
      else if (words.accept("by"))
        step.owner = words.take("an owner");
      else
        words.finish("for D, by OWNER");
    }
    add_step(at, step);
  }

  /// "SYMBOL/KIND" that the venue trades and has a channel for.
  StreamKey take_traded(LineReader& words, const std::string& venue) const {
    const auto key = StreamKey::parse(venue + "/" + words.take("SYMBOL/KIND"));
    if (!key) LineReader::fail(key.error().text(), "write SYMBOL/KIND");
    check_trades(venue, key->symbol);
    check_kind(*key);
    return *key;
  }

  void take_message(LineReader& words, Duration at, const std::string& venue) {
    const StreamKey key = take_traded(words, venue);
    const std::string word = words.take("price, sends or walks");
    if (word == "walks") return add_step(at, WalkStep{venue, key.symbol, key.kind});
    if (word != "price" && word != "sends") {
      LineReader::fail(fmt::format("\"{}\"", word), "price P, sends P, sends nothing, walks");
    }
    MessageStep step{.venue = venue,
                     .message = {.symbol = key.symbol, .kind = key.kind, .prices = {}, .seq = {}},
                     .keep = word == "price"};
    if (step.keep || !words.accept("nothing")) step.message.prices = take_prices(words);
    while (!words.done()) {
      if (words.accept("seq"))
        step.message.seq = static_cast<std::uint64_t>(words.take_number("seq"));
      else if (words.accept("stamp"))
        step.message.stamp_offset = words.take_signed_duration("stamp");
      else
        words.finish("seq N, stamp ±D");
    }
    add_step(at, step);
  }

  /// "100.5", or "100.5/100.6" for bid and ask.
  static Prices take_prices(LineReader& words) {
    const std::string text = words.take("a price");
    const std::size_t slash = text.find('/');
    const auto first = Decimal::parse(std::string_view{text}.substr(0, slash));
    const auto second = slash == std::string::npos
                            ? std::expected<Decimal, DecimalError>{Decimal{}}
                            : Decimal::parse(std::string_view{text}.substr(slash + 1));
    if (!first || !second)
      LineReader::fail(fmt::format("\"{}\" is no price", text), "100.5 or 100.5/100.6");
    return {*first, *second};
  }

  const VenueSetup& venue_of(const std::string& name) const {
    check_venue(name);
    return *std::ranges::find(out_.world.venues, name, &VenueSetup::name);
  }

  /// No symbol means all of them.
  void check_trades(const std::string& venue, const std::string& symbol) const {
    const auto& symbols = venue_of(venue).symbols;
    if (symbol.empty() || std::ranges::find(symbols, symbol) != symbols.end()) return;
    LineReader::fail(fmt::format("{} trades no {}", venue, symbol),
                     fmt::format("one of: {}; or add \"also {}\" to its line",
                                 fmt::join(symbols, ", "), symbol));
  }

  void check_kind(const StreamKey& key) const {
    const VenueSetup& venue = venue_of(key.venue);
    if (venues::channel_for(venue.side->sheet(), key.kind)) return;
    LineReader::fail(fmt::format("{} has no channel for {}", key.venue, to_text(key.kind)),
                     "use a kind its line has");
  }

  void check_venue(const std::string& name) const {
    if (std::ranges::find(names_.venues, name) != names_.venues.end()) return;
    LineReader::fail(fmt::format("no venue {}", name),
                     fmt::format("one of: {}, monitor", fmt::join(names_.venues, ", ")));
  }

  // ---- what is claimed ----

  void take_expect(LineReader& words, std::string_view text) {
    using enum Expectation::When;
    Expectation each;
    each.line = line_;
    each.text = text.substr(0, text.find('#'));
    each.text.erase(each.text.find_last_not_of(" \t\r") + 1);
    if (words.accept("at"))
      take_moment(words, each, at);
    else if (words.accept("by"))
      take_moment(words, each, by);
    else if (words.accept("between")) {
      each.when = between;
      each.first = words.take_duration("between");
      each.last = words.take_duration("between");
    } else if (words.accept("never"))
      each.when = never;
    else
      each.when = at, trailing_ = true;
    each.facts = take_facts(words, names_);
    if (std::exchange(trailing_, false)) {
      if (!words.accept("at")) LineReader::fail("when?", "expect at T, by T, between T T or never");
      take_moment(words, each, at);
    }
    if (each.last < each.first)
      LineReader::fail("it ends before it begins", "put the earlier time first");
    out_.expectations.push_back(std::move(each));
  }

  static void take_moment(LineReader& words, Expectation& each, Expectation::When when) {
    each.when = when;
    each.first = each.last = words.take_duration("a moment");
    if (words.accept("+-")) each.tolerance = words.take_duration("+-");
    if (when == Expectation::When::by) each.first = {};
  }

  Scenario out_;
  KnownNames names_;
  Distance distance_;
  std::vector<GlobUse> globs_;
  int line_ = 0;
  bool trailing_ = false;  ///< the moment stands after the facts
};

}  // namespace

Result<Scenario> parse_scenario(std::string_view text, std::string file) {
  int number = 0;
  try {
    Parser parser{file};
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      parser.take_line(text.substr(0, end), ++number);
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    return parser.finish();
  } catch (const LineError& error) {
    return std::unexpected(
        Error{.what = fmt::format("{}:{}", file, error.line == 0 ? number : error.line),
              .why = error.why,
              .fix = error.fix});
  }
}

}  // namespace feedwatch::sim
