#include "feedwatch/sim/fact_parser.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "feedwatch/base/duration_text.hpp"
#include "feedwatch/board/judge.hpp"
#include "feedwatch/engine/rules/rules.hpp"
#include "feedwatch/engine/status.hpp"
#include "feedwatch/model/reason.hpp"

namespace feedwatch::sim {
namespace {

constexpr std::string_view fact_forms =
    "STREAM-GLOB LEVEL, price, age, confirmed-age, repair, no repair, level-change, suspect, "
    "alerts, alert, "
    "alert-count, dials, subscribes, topics, messages-at-once, rows, health, line, notified, "
    "decisions, last-decision, delivered, or a consumer's name";
constexpr std::array<std::string_view, 4> level_words{"healthy", "degraded", "stale", "unknown"};
constexpr std::array<std::string_view, 5> listed_words{"healthy", "degraded", "stale", "unknown",
                                                       unwatched};
constexpr std::array<std::string_view, 2> step_words{"resubscribe", "replace_line"};
constexpr std::array<std::string_view, 5> alert_words{"firing", "resolved", "absent",
                                                      "acknowledged", "muted"};
constexpr std::array<std::string_view, 5> status_words{"healthy", "degraded", "unhealthy",
                                                       "critical", "unknown"};
constexpr std::array<std::string_view, 6> consumer_words{"refuse",    "accept", "delivered",
                                                         "conflated", "told",   "last-delivered"};
constexpr std::array<std::string_view, refusal_count> refusal_words{
    "unconfigured", "unknown",         "never_received", "awaiting_fresh", "stale",
    "too_old",      "clock_backwards", "no_event_time",  "clock_suspect",  "old_epoch",
    "writer_stuck", "writer_dead",     "writer_gone",    "foreign_clock"};
constexpr std::array<std::string_view, 7> line_words{
    "idle", "connecting", "handshaking", "subscribing", "live", "draining", "backing_off"};

/// A misspelt name would make "never" and "at most" hold for ever.
const auto& alert_names() {
  return engine::rules::names();
}

/// What venues and journal count.
struct Counted {
  std::string_view word;
  Fact::Type type;
};
constexpr std::array venue_counts{
    Counted{"dials", Fact::Type::dials}, Counted{"subscribes", Fact::Type::subscribes},
    Counted{"topics", Fact::Type::topics}, Counted{"messages-at-once", Fact::Type::messages}};
constexpr std::string_view venue_facts = "dials, subscribes, topics, messages-at-once";
constexpr std::array<std::string_view, 7> table_words{
    "alerts",  "alert_transitions", "notifications",         "stream_transitions",
    "repairs", "positions",         "aged_monitoring_events"};

/// Of a decision; price_check is none.
constexpr std::array<std::string_view, 8> decision_words{
    "activated",   "stop_moved",   "triggered",      "rolled_back",
    "unconfirmed", "phase_change", "target_reached", "emergency_exit"};
constexpr std::array<std::string_view, 4> decision_fields{"price", "stop", "peak", "target"};

template <class Words>
bool is_one_of(std::string_view word, const Words& words) {
  return std::ranges::find(words, word) != std::ranges::end(words);
}

template <class Words>
std::string take_one_of(LineReader& line, std::string_view what, const Words& words) {
  const std::string valid = fmt::format("{}", fmt::join(words, ", "));
  std::string word = line.take(what, valid);
  if (!is_one_of(word, words)) {
    LineReader::fail(fmt::format("\"{}\" is no {}", word, what), "one of: " + valid);
  }
  return word;
}

Compare take_compare(LineReader& line) {
  if (line.accept("<=")) return Compare::at_most;
  if (line.accept(">=")) return Compare::at_least;
  if (line.accept("<")) return Compare::less;
  if (line.accept(">")) return Compare::greater;
  line.accept("=");
  return Compare::equal;
}

void take_count(LineReader& line, Fact& fact) {
  fact.how = take_compare(line);
  fact.number = line.take_number("a count");
}

std::string take_reason(LineReader& line) {
  std::vector<std::string_view> words;
  for (std::size_t i = 0; i < reason_count; ++i) words.push_back(to_text(static_cast<Reason>(i)));
  return take_one_of(line, "reason", words);
}

void take_level_fact(LineReader& line, Fact& fact) {
  fact.type = Fact::Type::level;
  fact.word = take_one_of(line, "level", listed_words);
  for (;;) {
    if (line.accept("reason")) {
      fact.reason = take_reason(line);
    } else if (line.accept("fault")) {
      fact.flag = take_one_of(line, "fault", std::array<std::string_view, 2>{"yes", "no"}) == "yes";
    } else if (line.accept("except")) {
      fact.except = line.take("a stream glob");
    } else {
      return;
    }
  }
}

void take_repair(LineReader& line, Fact& fact) {
  fact.type = Fact::Type::repair;
  if (is_one_of(line.peek(), step_words)) fact.word = line.take("step");
  fact.subject = "*";
  if (line.peek().find('/') != std::string_view::npos || line.peek() == "*") {
    fact.subject = line.take("a stream glob");
  }
  if (line.accept("ok")) fact.flag = true;
  if (line.accept("failed")) fact.flag = false;
  if (line.accept("except")) fact.except = line.take("a stream glob");
}

void take_consumer(LineReader& line, Fact& fact) {
  const std::string word = take_one_of(line, "consumer fact", consumer_words);
  if (word == "refuse") {
    fact.type = Fact::Type::consumer_refuse;
    if (is_one_of(line.peek(), refusal_words)) fact.word = line.take("code");
  } else if (word == "accept") {
    fact.type = Fact::Type::consumer_accept;
  } else if (word == "last-delivered") {
    fact.type = Fact::Type::consumer_last;
    fact.word = line.take("a price");
  } else {
    fact.type = word == "delivered"   ? Fact::Type::consumer_delivered
                : word == "conflated" ? Fact::Type::consumer_conflated
                                      : Fact::Type::consumer_told;
    take_count(line, fact);
  }
}

void take_alert(LineReader& line, Fact& fact) {
  fact.type = Fact::Type::alert_state;
  fact.subject = take_one_of(line, "alert name", alert_names());
  fact.word = take_one_of(line, "alert state", alert_words);
}

void take_health(LineReader& line, Fact& fact) {
  fact.type = Fact::Type::health;
  fact.subject = line.take("a component in quotes, or overall");
  fact.word = take_one_of(line, "status", status_words);
}

void take_price_or_age(LineReader& line, const std::string& word, Fact& fact) {
  fact.type = word == "price" ? Fact::Type::price
              : word == "age" ? Fact::Type::age
                              : Fact::Type::confirmed_age;
  fact.subject = line.take("a stream");
  if (fact.type == Fact::Type::price) {
    fact.word = line.take("a price");
  } else {
    fact.how = take_compare(line);
    fact.number = line.take_duration("an age").count();
  }
  if (line.accept("except")) fact.except = line.take("a stream glob");
}

void take_decisions(LineReader& line, Fact& fact) {
  fact.type = Fact::Type::decisions;
  if (is_one_of(line.peek(), decision_words)) fact.word = line.take("type");
  if (line.accept("of")) fact.subject = line.take("an id");
  take_count(line, fact);
}

void take_last_decision(LineReader& line, Fact& fact) {
  fact.type = Fact::Type::last_decision;
  fact.subject = line.take("an id");
  fact.word = take_one_of(line, "type", decision_words);
  while (is_one_of(line.peek(), decision_fields)) {
    std::string field = line.take("a field");
    const std::string text = line.take("a number");
    const auto number = Decimal::parse(text);
    if (!number) LineReader::fail(fmt::format("\"{}\" is no number", text));
    fact.fields.emplace_back(std::move(field), text);
  }
}

/// False when `word` is nothing that venues count.
bool take_venue_count(LineReader& line, std::string_view word, Fact& fact) {
  const auto found = std::ranges::find(venue_counts, word, &Counted::word);
  if (found == venue_counts.end()) return false;
  fact.type = found->type;
  take_count(line, fact);
  return true;
}

/// Facts that begin with their own word; false when `word` is none of these.
bool take_named(LineReader& line, const std::string& word, Fact& fact) {
  if (take_venue_count(line, word, fact)) return true;
  if (word == "price" || word == "age" || word == "confirmed-age") {
    take_price_or_age(line, word, fact);
  } else if (word == "repair") {
    take_repair(line, fact);
  } else if (word == "level-change") {
    fact.type = Fact::Type::level_change;
    fact.subject = line.take("a stream glob");
    fact.word = take_one_of(line, "level", level_words);
  } else if (word == "suspect") {
    fact.type = Fact::Type::suspect;
    fact.subject = line.take("a stream glob");
  } else if (word == "alerts") {
    fact.type = Fact::Type::alerts_open;
    if (!line.accept("open")) LineReader::fail("alerts what?", "write: alerts open 0");
    take_count(line, fact);
  } else if (word == "alert") {
    take_alert(line, fact);
  } else if (word == "alert-count") {
    fact.type = Fact::Type::alert_count;
    fact.subject = take_one_of(line, "alert name", alert_names());
    take_count(line, fact);
  } else if (word == "notified") {
    fact.type = Fact::Type::notified;
    if (line.accept("firing")) fact.word = "firing";
    if (line.accept("resolved")) fact.word = "resolved";
    take_count(line, fact);
  } else if (word == "rows") {
    fact.type = Fact::Type::rows;
    fact.subject = take_one_of(line, "table", table_words);
    take_count(line, fact);
  } else if (word == "decisions") {
    take_decisions(line, fact);
  } else if (word == "last-decision") {
    take_last_decision(line, fact);
  } else if (word == "health") {
    take_health(line, fact);
  } else if (word == "line") {
    fact.type = Fact::Type::line;
    fact.subject = line.take("a line glob");
    fact.word = take_one_of(line, "line state", line_words);
  } else {
    return false;
  }
  return true;
}

Fact take_fact(LineReader& line, const KnownNames& names) {
  Fact fact;
  fact.negated = line.accept("no");
  const std::string word = line.take("a fact", fact_forms);
  if (is_one_of(word, names.consumers)) {
    fact.subject = word;
    take_consumer(line, fact);
  } else if (word == "delivered" || word == "conflated" || word == "last-delivered") {
    if (names.consumers.size() != 1) {
      LineReader::fail(fmt::format("{} of which consumer?", word),
                       fmt::format("one of: {}", fmt::join(names.consumers, ", ")));
    }
    fact.subject = names.consumers.front();
    if (word == "last-delivered") {
      fact.type = Fact::Type::consumer_last;
      fact.word = line.take("a price");
    } else {
      fact.type =
          word == "delivered" ? Fact::Type::consumer_delivered : Fact::Type::consumer_conflated;
      take_count(line, fact);
    }
  } else if (is_one_of(word, names.venues)) {
    fact.subject = word;
    const std::string what = line.take("a venue fact", venue_facts);
    if (!take_venue_count(line, what, fact)) {
      LineReader::fail(fmt::format("\"{}\" is no fact about a venue", what),
                       std::string(venue_facts));
    }
  } else if (!take_named(line, word, fact)) {
    if (word.find('/') == std::string::npos && word != "*") {
      LineReader::fail(fmt::format("\"{}\" begins no fact", word), fmt::format("{}", fact_forms));
    }
    fact.subject = word;
    take_level_fact(line, fact);
  }
  if (fact.negated && !fact.is_moment()) {
    LineReader::fail("\"no\" belongs before repair, level-change or suspect",
                     "use never, or remove it");
  }
  return fact;
}

}  // namespace

std::vector<Fact> take_facts(LineReader& words, const KnownNames& names) {
  std::vector<Fact> facts;
  do {
    facts.push_back(take_fact(words, names));
  } while (words.accept(";"));
  return facts;
}

}  // namespace feedwatch::sim
