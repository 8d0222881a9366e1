#include "feedwatch/engine/suspicion.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "feedwatch/base/duration_text.hpp"
#include "feedwatch/base/saturate.hpp"

namespace feedwatch::engine {
namespace {

struct Fall {
  MonoTime at;
  MonoTime last_sign;
};

/// It carries, or should.
bool counts(const LineStatus& line) {
  return line.topics > 0 && !line.removed;
}

/// When the line closed or had been without a frame for too long; absent while it is heard, or when
/// it never was.
std::optional<Fall> fall_of(const LineStatus& line) {
  const MonoTime frame = line.last_frame.value_or(MonoTime::min());
  const bool lost = line.lost_at && frame <= *line.lost_at;
  if (lost && line.state != LineState::live) return Fall{*line.lost_at, *line.lost_at};
  if (!line.last_frame || minus(line.as_of, frame) < Suspicion::quiet) return std::nullopt;
  return Fall{plus(frame, Suspicion::quiet), frame};
}

bool is_heard(const LineStatus& line) {
  return line.last_frame && minus(line.as_of, *line.last_frame) < Suspicion::quiet;
}

/// The peer has at least taken our connection.
bool reaches(const LineStatus& line) {
  return line.state == LineState::handshaking || line.state == LineState::subscribing ||
         line.state == LineState::live;
}

std::string_view what_failed(bool names) {
  return names ? "no name is resolved" : "no connection is made";
}

}  // namespace

void Suspicion::update(const Seen& seen, MonoTime now) {
  if (since_ && is_over(seen, now)) since_.reset();
  if (!since_ && !stalled(seen, now) && !fell_together(seen, now)) nobody_reached(seen, now);
  trusted_ = !since_ && std::ranges::any_of(seen.lines,
                                            [](const LineStatus* line) { return is_heard(*line); });
}

void Suspicion::begin(MonoTime since, MonoTime from, MonoTime until, std::string why) {
  since_ = since;
  from_ = from;
  until_ = until;
  why_ = std::move(why);
}

/// A frame, or a connection that was taken, proves that the way out is open.
bool Suspicion::is_over(const Seen& seen, MonoTime now) const {
  if (until_ != never_mono) return now >= until_ && seen.loop_silence.value_or(0s) < stall;
  return std::ranges::any_of(seen.lines, [this](const LineStatus* line) {
    return (line->last_frame && *line->last_frame > *since_) ||
           (reaches(*line) && line->state_since > *since_);
  });
}

bool Suspicion::stalled(const Seen& seen, MonoTime now) {
  const Duration length = std::max(seen.loop_silence.value_or(0s), seen.gap.value_or(0s));
  if (length < stall) return false;
  const MonoTime from = now - length;
  begin(from + stall, from, now + window,
        fmt::format("it did not run for {}",
                    format_duration(std::chrono::floor<std::chrono::seconds>(length))));
  return true;
}

bool Suspicion::fell_together(const Seen& seen, MonoTime now) {
  std::size_t spoke = 0;
  std::set<std::string_view> venues;
  std::set<std::string_view> fallen_venues;
  std::vector<Fall> fallen;
  for (const LineStatus* line : seen.lines) {
    if (!counts(*line)) continue;
    const auto fall = fall_of(*line);
    if (fall ? fall->at <= now - window : !is_heard(*line)) continue;  // was silent before
    ++spoke;
    venues.insert(line->venue);
    if (!fall) continue;
    fallen.push_back(*fall);
    fallen_venues.insert(line->venue);
  }
  constexpr std::size_t fifths = 5;
  constexpr std::size_t enough = 4;
  if (venues.size() < 2 || fallen_venues != venues || fallen.size() * fifths < spoke * enough) {
    return false;
  }
  const MonoTime at = std::ranges::max(fallen, {}, &Fall::at).at;
  const MonoTime from = std::ranges::min(fallen, {}, &Fall::last_sign).last_sign;
  begin(std::min(at, now), from, never_mono,
        fmt::format("{} of {} lines of all {} venues fell silent together", fallen.size(), spoke,
                    venues.size()));
  return true;
}

bool Suspicion::nobody_reached(const Seen& seen, MonoTime now) {
  std::map<std::string_view, MonoTime> failed;
  std::set<std::string_view> venues;
  bool names = true;
  for (const LineStatus* line : seen.lines) {
    if (!counts(*line)) continue;
    venues.insert(line->venue);
    if (reaches(*line)) return false;
    if (!line->failed_dial || line->failed_at < now - dial_memory) continue;
    names = names && *line->failed_dial == DialPhase::resolving;
    const auto place = failed.try_emplace(line->venue, line->failed_at).first;
    place->second = std::min(place->second, line->failed_at);
  }
  if (venues.size() < 2 || failed.size() != venues.size()) return false;
  MonoTime since = MonoTime::min();
  MonoTime from = never_mono;
  for (const auto& [venue, at] : failed) {
    since = std::max(since, at);
    from = std::min(from, at);
  }
  begin(since, from - quiet, never_mono,
        fmt::format("{} at any of {} venues", what_failed(names), venues.size()));
  return true;
}

}  // namespace feedwatch::engine
