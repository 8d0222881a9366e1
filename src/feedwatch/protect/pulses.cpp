#include "feedwatch/protect/pulses.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "feedwatch/base/duration_text.hpp"
#include "feedwatch/base/saturate.hpp"

namespace feedwatch {
namespace {

constexpr Duration instant{1};  // equality passes

std::string expectation(const PulseOptions& options) {
  std::string text = options.schedule ? fmt::format("at {} UTC", options.schedule->text())
                                      : "every " + format_duration(options.every);
  if (options.grace > Duration::zero()) text += " and " + format_duration(options.grace);
  return text;
}

}  // namespace

std::optional<PulseMark> pulse_mark(std::string_view text) {
  for (const PulseMark mark : {PulseMark::beat, PulseMark::started, PulseMark::failed}) {
    if (text == to_text(mark)) return mark;
  }
  return std::nullopt;
}

Pulses::Pulses(std::vector<PulseOptions> options, WallAnchor anchor) : anchor_(anchor) {
  for (auto& each : options) {
    if (each.every <= Duration::zero()) each.every = signals_every;
    std::string name = each.name;
    pulses_[std::move(name)].options = std::move(each);
  }
}

void Pulses::restore(const std::vector<PulseRow>& rows) {
  for (const PulseRow& row : rows) {
    const auto mark = pulse_mark(row.mark);
    if (!mark) continue;
    auto known = pulses_.find(row.name);
    if (known == pulses_.end()) {
      if (row.name != signals_pulse) continue;  // not configured any more
      known = pulses_.try_emplace(row.name).first;
      known->second.options = {.name = row.name, .every = signals_every};
    }
    // Never in the future: the clock of that run may have been another.
    const MonoTime at = std::min(anchor_.mono, plus(anchor_.mono, minus(row.at, anchor_.wall)));
    apply(known->second, *mark, at, row.detail);
  }
}

void Pulses::apply(Pulse& pulse, PulseMark mark, MonoTime at, std::string detail) const {
  if (mark != PulseMark::failed) pulse.heard = std::max(pulse.heard.value_or(at), at);
  if (at < pulse.newest) return;
  pulse.newest = at;
  pulse.failed = mark == PulseMark::failed ? std::optional(at) : std::nullopt;
  pulse.detail = std::move(detail);
}

Result<PulseRow> Pulses::mark(std::string_view name, PulseMark mark, std::string detail,
                              MonoTime now) {
  auto known = pulses_.find(name);
  if (known == pulses_.end() && name == signals_pulse) {
    known = pulses_.try_emplace(std::string(name)).first;
    known->second.options = {.name = std::string(name), .every = signals_every};
  }
  if (known == pulses_.end()) {
    return std::unexpected(Error{.what = fmt::format("pulse '{}'", name),
                                 .why = "no such pulse is configured",
                                 .fix = "add a [[pulse]] table with this name"});
  }
  if (detail.size() > max_detail) detail.resize(max_detail);
  PulseRow row{.name = std::string(name),
               .mark = std::string(to_text(mark)),
               .at = anchor_.at(now),
               .detail = detail};
  apply(known->second, mark, now, std::move(detail));
  ++known->second.beats;
  return row;
}

MonoTime Pulses::due_after(const Pulse& pulse, MonoTime at) const {
  if (!pulse.options.schedule) return plus(at, pulse.options.every);
  const auto next = pulse.options.schedule->next_after(anchor_.at(at));
  return next ? plus(anchor_.mono, minus(*next, anchor_.wall)) : never_mono;
}

/// Past the first time that was missed, and past the second.
Pulses::Limits Pulses::limits(const Pulse& pulse, MonoTime from) const {
  const MonoTime due = due_after(pulse, from);
  const MonoTime next = due_after(pulse, due);
  return {plus(due, plus(pulse.options.grace, instant)),
          plus(next, plus(pulse.options.grace, instant))};
}

PulseView Pulses::view(const Pulse& pulse, MonoTime now) const {
  PulseView view;
  view.name = pulse.options.name;
  view.expected = expectation(pulse.options);
  if (!pulse.options.schedule) view.every = pulse.options.every;
  view.grace = pulse.options.grace;
  view.required = pulse.options.required;
  view.detail = pulse.detail;
  view.beats = pulse.beats;
  if (pulse.heard) {
    view.silence = std::max(Duration::zero(), minus(now, *pulse.heard));
    view.heard_at = anchor_.at(*pulse.heard);
  }
  // Nobody listened before our start.
  const MonoTime heard = pulse.heard.value_or(anchor_.mono);
  const Limits waits = limits(pulse, std::max(heard, anchor_.mono));
  const Limits truth = limits(pulse, heard);
  view.failed = pulse.failed.has_value();
  if (now >= waits.silent) {
    view.state = PulseState::silent;
  } else if (now >= waits.degraded || view.failed) {
    view.state = PulseState::degraded;
  } else {
    // Heard long before our start: it may have beaten since, or not.
    view.state = pulse.heard && now < truth.degraded ? PulseState::ok : PulseState::unknown;
    if (waits.degraded != never_mono) view.due_at = anchor_.at(waits.degraded);
    return view;
  }
  view.since = std::min(view.failed ? *pulse.failed : truth.degraded, now);
  if (view.failed && now >= truth.degraded) view.since = std::min(*view.since, truth.degraded);
  return view;
}

std::vector<PulseView> Pulses::views(MonoTime now) const {
  std::vector<PulseView> views;
  views.reserve(pulses_.size());
  for (const auto& [name, pulse] : pulses_) views.push_back(view(pulse, now));
  return views;
}

std::optional<PulseView> Pulses::view(std::string_view name, MonoTime now) const {
  const auto known = pulses_.find(name);
  if (known == pulses_.end()) return std::nullopt;
  return view(known->second, now);
}

MonoTime Pulses::next_deadline(MonoTime now) const {
  MonoTime next = never_mono;
  for (const auto& [name, pulse] : pulses_) {
    const MonoTime heard = pulse.heard.value_or(anchor_.mono);
    const Limits waits = limits(pulse, std::max(heard, anchor_.mono));
    for (const MonoTime at : {waits.degraded, waits.silent}) {
      if (at > now) next = std::min(next, at);
    }
  }
  return next;
}

}  // namespace feedwatch
