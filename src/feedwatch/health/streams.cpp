#include <algorithm>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/health/checks.hpp"

namespace feedwatch::health {
namespace {

using Streams = std::vector<const StreamEvidence*>;

constexpr std::size_t named_streams = 10;
constexpr std::size_t worst_streams = 5;

template <class Predicate>
Streams select(const FeedEvidence& feed, Predicate predicate) {
  Streams found;
  for (const auto& stream : feed.streams) {
    if (predicate(stream)) found.push_back(&stream);
  }
  return found;
}

bool is_stale(const StreamEvidence& stream) {
  return stream.level == Level::stale;
}

Duration age_or_never(const StreamEvidence& stream) {
  return stream.age.value_or(Duration::max());
}

/// "limit 5m, age 312.4s" or "limit 10s, never received"; of several, their range.
std::string circumstances(const Streams& streams) {
  const auto limits = std::ranges::minmax_element(streams, {}, &StreamEvidence::stale_after);
  std::string text = fmt::format("limit {:g}s", to_seconds((*limits.min)->stale_after));
  if ((*limits.max)->stale_after != (*limits.min)->stale_after) {
    text += fmt::format(" to {:g}s", to_seconds((*limits.max)->stale_after));
  }
  const auto never = static_cast<std::size_t>(
      std::ranges::count_if(streams, [](auto* stream) { return !stream->age; }));
  if (never == streams.size()) return text + ", never received";
  Duration oldest{};
  for (const auto* stream : streams)
    oldest = std::max(oldest, stream->age.value_or(Duration::zero()));
  text += fmt::format(", {} {:.1f}s", streams.size() - never > 1 ? "age up to" : "age",
                      to_seconds(oldest));
  if (never > 0) text += fmt::format(", {} never received", never);
  return text;
}

std::string names(const Streams& streams) {
  std::vector<std::string_view> shown;
  for (const auto* stream : streams) {
    if (shown.size() == named_streams) break;
    shown.push_back(stream->stream);
  }
  std::string text = fmt::format("{}", fmt::join(shown, ", "));
  if (streams.size() > shown.size()) {
    text += fmt::format(" and {} more", streams.size() - shown.size());
  }
  return text;
}

/// Where one sees them, and where their prices are refused.
std::vector<std::string> paths(const Streams& streams) {
  std::vector<std::string> paths;
  for (const auto* stream : streams) {
    if (paths.size() == named_streams) break;
    paths.push_back("/v1/streams/" + stream->stream);
  }
  return paths;
}

struct Totals {
  std::size_t healthy = 0, degraded = 0, stale = 0, unknown = 0, quarantined = 0;
};

Totals totals_of(const FeedEvidence& feed) {
  Totals totals;
  for (const auto& stream : feed.streams) {
    switch (stream.level) {
      case Level::healthy:
        ++totals.healthy;
        break;
      case Level::degraded:
        ++totals.degraded;
        break;
      case Level::stale:
        ++totals.stale;
        break;
      case Level::unknown:
        ++totals.unknown;
        break;
    }
    if (stream.quarantined) ++totals.quarantined;
  }
  return totals;
}

void append_count(std::string_view what, std::size_t count, std::string& text) {
  if (count > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, what);
}

/// The rows of semantics §8, in their order; `noun` is what is counted: streams or prices.
Verdict judge(const FeedEvidence* feed, std::string_view noun) {
  if (feed == nullptr) return {Status::unhealthy, "no monitor", 1, {}};
  const Totals totals = totals_of(*feed);
  if (feed->streams.empty()) return {Status::unknown, fmt::format("no wanted {}", noun), 0, {}};
  if (totals.unknown == feed->streams.size()) {
    return {
        Status::unknown, fmt::format("none of {} {} past unknown", totals.unknown, noun), 0, {}};
  }
  const Streams stale = select(*feed, is_stale);
  if (!stale.empty()) {
    const bool critical = std::ranges::any_of(stale, [](auto* s) { return is_critical(*s); });
    return {
        critical ? Status::critical : Status::degraded,
        fmt::format("{} {} stale ({}): {}", stale.size(), noun, circumstances(stale), names(stale)),
        stale.size(),
        {}};
  }
  std::string text;
  append_count("degraded", totals.degraded, text);
  append_count("unknown", totals.unknown, text);
  append_count("quarantined", totals.quarantined, text);
  if (!text.empty()) return {Status::degraded, fmt::format("{}: {}", noun, text), 0, {}};
  return {Status::healthy, std::nullopt, 0, {}};
}

std::string lines_json(const std::vector<LineEvidence>& lines) {
  std::string out;
  JsonWriter json(out);
  json.begin_array();
  for (const auto& line : lines) {
    json.begin_object().field("line", line.name).field("state", line.state);
    json.field("reason", line.reason).field("messages_per_second", line.frames_per_second);
    json.end_object();
  }
  json.end_array();
  return out;
}

std::string worst_json(Streams streams) {
  std::ranges::sort(streams, [](auto* a, auto* b) {
    const Duration x = age_or_never(*a);
    const Duration y = age_or_never(*b);
    return x != y ? x > y : a->stream < b->stream;
  });
  if (streams.size() > worst_streams) streams.resize(worst_streams);
  std::string out;
  JsonWriter json(out);
  json.begin_array();
  for (const auto* stream : streams) {
    json.begin_object().field("stream", stream->stream).field("level", to_text(stream->level));
    json.field("reason", to_text(stream->reason));
    json.key("age_seconds");
    if (stream->age) {
      json.number(to_seconds(*stream->age));
    } else {
      json.null();
    }
    json.end_object();
  }
  json.end_array();
  return out;
}

std::string count(std::size_t number) {
  return fmt::format("{}", number);
}

}  // namespace

bool is_proven(bool clocked, Reason reason) {
  // A new subscription tried because of the silence proves no more than the silence does.
  const bool mere_silence = reason == Reason::silent || reason == Reason::never_received ||
                            reason == Reason::resubscribing;
  return clocked || !mere_silence;
}

bool is_critical(const StreamEvidence& stream) {
  return stream.required && stream.fault && stream.level == Level::stale &&
         is_proven(stream.clocked, stream.reason);
}

Verdict check_streams(const FeedEvidence* feed) {
  Verdict verdict = judge(feed, "streams");
  if (feed == nullptr) return verdict;
  const Totals totals = totals_of(*feed);
  double rate = 0;
  for (const auto& line : feed->lines) rate += line.frames_per_second;
  std::string rate_text;
  JsonWriter(rate_text).number(rate);
  verdict.measured =
      Measurement{static_cast<double>(feed->streams.size() - totals.healthy), "streams"};
  verdict.affected = paths(select(*feed, [](const auto& s) { return s.level != Level::healthy; }));
  verdict.metadata = {
      {"total", count(feed->streams.size())}, {"healthy", count(totals.healthy)},
      {"degraded", count(totals.degraded)},   {"stale", count(totals.stale)},
      {"unknown", count(totals.unknown)},     {"quarantined", count(totals.quarantined)},
      {"lines", lines_json(feed->lines)},     {"messages_per_second", rate_text}};
  return verdict;
}

Verdict check_prices(const FeedEvidence* feed) {
  Verdict verdict = judge(feed, "prices");
  if (feed == nullptr) return verdict;
  const auto critical = select(*feed, is_critical);
  const auto past = select(*feed, [](const auto& stream) {
    return stream.level == Level::stale || stream.level == Level::degraded;
  });
  Duration oldest{};
  for (const auto& stream : feed->streams) {
    oldest = std::max(oldest, stream.age.value_or(Duration::zero()));
  }
  verdict.measured = Measurement{to_seconds(oldest), "s"};
  verdict.affected = paths(past);
  verdict.metadata = {{"total", count(feed->streams.size())},
                      {"critical_stale", count(critical.size())},
                      {"warning_stale", count(past.size() - critical.size())},
                      {"stale_alerts", worst_json(past)}};
  return verdict;
}

}  // namespace feedwatch::health
