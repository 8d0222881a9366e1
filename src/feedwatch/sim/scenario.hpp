#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "feedwatch/base/error.hpp"
#include "feedwatch/health/component.hpp"
#include "feedwatch/sim/fault.hpp"
#include "feedwatch/sim/generic_venue.hpp"
#include "feedwatch/sim/mute_line.hpp"
#include "feedwatch/sim/position_line.hpp"
#include "feedwatch/sim/world.hpp"

namespace feedwatch::sim {

/// `= <= >= < >` before a number.
enum class Compare : std::uint8_t { equal, at_most, at_least, less, greater };
bool compare(std::int64_t value, Compare how, std::int64_t with);

/// Instead of a level: the stream is not listed, as nobody wants it.
constexpr std::string_view unwatched = "unwatched";

/// One thing a scenario may claim. Moments (repair, level_change, suspect) happen at an instant;
/// all others hold or do not hold at one.
struct Fact {
  enum class Type : std::uint8_t {
    level,               ///< GLOB LEVEL|unwatched [reason R] [fault yes|no] [except GLOB]
    price,               ///< price STREAM P[/ASK] [except GLOB]
    age,                 ///< age STREAM OP D [except GLOB]: since the price itself arrived
    confirmed_age,       ///< confirmed-age …: since the venue last said or implied it
    repair,              ///< repair STEP [GLOB] [ok|failed]
    level_change,        ///< level-change GLOB LEVEL
    suspect,             ///< suspect GLOB
    consumer_refuse,     ///< NAME refuse [CODE]
    consumer_accept,     ///< NAME accept
    consumer_delivered,  ///< NAME delivered OP N
    consumer_conflated,  ///< NAME conflated OP N
    consumer_told,       ///< NAME told OP N
    consumer_last,       ///< NAME last-delivered P
    alerts_open,         ///< alerts open OP N
    alert_state,         ///< alert NAME firing|resolved|absent|acknowledged|muted
    alert_count,         ///< alert-count NAME OP N
    dials,               ///< [VENUE] dials OP N
    subscribes,          ///< [VENUE] subscribes OP N
    topics,              ///< [VENUE] topics OP N: subscribed now
    messages,            ///< [VENUE] messages-at-once OP N
    rows,                ///< rows TABLE OP N
    health,              ///< health "NAME"|overall STATUS
    line,                ///< line GLOB STATE
    notified,            ///< notified [firing|resolved] OP N
    decisions,           ///< decisions [TYPE] [of ID] OP N: told of positions
    last_decision,       ///< last-decision ID TYPE [price P] [stop P] [peak P] [target P]
  };
  Type type = Type::level;
  bool negated = false;  ///< `no`
  std::string subject;   ///< glob, stream, consumer, venue, alert or component
  std::string except;    ///< glob
  std::string word;      ///< level, step, code, state, status, price: as written
  std::optional<std::string> reason;
  std::optional<bool> flag;  ///< fault yes|no; repair ok|failed
  Compare how = Compare::equal;
  std::int64_t number = 0;                                  ///< count, or nanoseconds of an age
  std::vector<std::pair<std::string, std::string>> fields;  ///< of a decision
  std::string text;                                         ///< as written

  bool is_moment() const {
    return type == Type::repair || type == Type::level_change || type == Type::suspect;
  }
};

struct Expectation {
  enum class When : std::uint8_t { at, by, between, never } when = When::at;
  Duration first{};
  Duration last{};
  Duration tolerance = 50ms;  ///< of `at` for moments
  std::vector<Fact> facts;
  int line = 0;
  std::string text;
};

struct FaultStep {
  std::string venue;
  Fault fault;
};
struct RestoreStep {
  std::string venue;
  std::optional<FaultType> type;
  std::string symbol;
};
struct MessageStep {
  std::string venue;
  OneMessage message;
  bool keep = false;
};
struct SeriesStep {
  std::string venue;
  PlayedSeries played;
};
struct WalkStep {
  std::string venue, symbol;
  Kind kind;
};
struct HostStep {
  enum class Type : std::uint8_t {
    pause,
    wall_step,
    journal_down,
    journal_unsure,
    journal_up,
    sink_down,
    sink_up
  };
  Type type;
  Duration amount{};
};
struct WantStep {
  StreamKey key;
  std::string owner;
  Duration ttl{};
  bool want = true;
};
struct ConsumerStep {
  std::string consumer;
  bool subscribe = true;
};

struct BotStep {
  BotMode mode = BotMode::confirms;
};

struct ReceiverStep {
  int answer = 204;  ///< as MemoryReceiver has it
};

struct Step {
  Duration at{};
  int line = 0;
  std::variant<FaultStep, RestoreStep, MessageStep, SeriesStep, WalkStep, HostStep, WantStep,
               ConsumerStep, MuteStep, PositionStep, SourceStep, BotStep, ReceiverStep>
      what;
};

/// A scenario file, read. Owns the generic venues its setup points to.
struct Scenario {
  std::string file;
  std::vector<std::unique_ptr<GenericVenue>> generic;
  WorldOptions world;
  std::vector<Step> steps;
  std::vector<Expectation> expectations;
  Duration length{};  ///< how long it runs
};

/// Reads a scenario (tests/scenarios/README.md says the language). Errors name file and line in
/// `what` and the valid words in `fix`.
Result<Scenario> parse_scenario(std::string_view text, std::string file);

}  // namespace feedwatch::sim
