#include "feedwatch/api/metrics.hpp"

#include <algorithm>
#include <span>
#include <string>
#include <vector>

namespace feedwatch::api {

namespace {

using Type = MetricsText::Type;

constexpr std::int64_t milliseconds(WallTime time) {
  return to_ns(time) / 1'000'000;
}

void streams(MetricsText& text, std::span<const engine::StreamView> views) {
  const auto each = [&](auto sample) {
    for (const engine::StreamView& view : views) {
      const StreamKey& key = view.info->key;
      sample(view, MetricsText::LabelList{
                       {"venue", key.venue}, {"symbol", key.symbol}, {"kind", to_text(key.kind)}});
    }
  };
  text.family("feedwatch_stream_last_update_timestamp_seconds", Type::gauge,
              "When the newest accepted price of the stream was received; absent if never.");
  each([&](const auto& view, auto labels) {
    if (view.last_update) text.sample_milliseconds(milliseconds(*view.last_update), labels);
  });
  text.family("feedwatch_stream_last_change_timestamp_seconds", Type::gauge,
              "When the price of the stream last became a different one; absent if never.");
  each([&](const auto& view, auto labels) {
    if (view.last_change) text.sample_milliseconds(milliseconds(*view.last_change), labels);
  });
  text.family("feedwatch_stream_level", Type::gauge, "0 healthy, 1 degraded, 2 stale, 3 unknown.");
  each([&](const auto& view, auto labels) {
    text.sample(static_cast<std::uint64_t>(view.level), labels);
  });
  text.family("feedwatch_stream_fault", Type::gauge,
              "1 when the stream is past a limit and its feed is at fault.");
  each([&](const auto& view, auto labels) {
    text.sample(std::uint64_t{view.fault ? 1U : 0U}, labels);
  });
}

void lines(MetricsText& text, std::span<const engine::LineView> views) {
  const auto each = [&](auto value) {
    for (const engine::LineView& view : views) {
      text.sample(value(view.status), {{"venue", view.status.venue}, {"line", view.status.name}});
    }
  };
  text.family("feedwatch_line_live", Type::gauge, "1 when the line is live.");
  each([](const auto& s) { return std::uint64_t{s.state == engine::LineState::live ? 1U : 0U}; });
  text.family("feedwatch_line_frames", Type::counter, "Frames received on the line.");
  each([](const auto& s) { return s.frames; });
  text.family("feedwatch_line_dials", Type::counter, "Connection attempts of the line.");
  each([](const auto& s) { return s.dials; });
  text.family("feedwatch_line_unplanned_closes", Type::counter,
              "Connections of the line that ended without our wish.");
  each([](const auto& s) { return s.unplanned_closes; });
}

void venues(MetricsText& text, std::span<const engine::VenueStatus> list) {
  text.family("feedwatch_venue_live", Type::gauge,
              "1 when every wanted stream of the venue is on a line that is up.");
  for (const auto& venue : list) {
    text.sample(std::uint64_t{venue.live ? 1U : 0U}, {{"venue", venue.venue}});
  }
  text.family("feedwatch_venue_rate_limited", Type::gauge,
              "1 while the venue has told us to stay away.");
  for (const auto& venue : list) {
    text.sample(std::uint64_t{venue.limited_until ? 1U : 0U}, {{"venue", venue.venue}});
  }
}

void components(MetricsText& text, const engine::HealthView& view) {
  text.family(
      "feedwatch_health_status", Type::gauge,
      "0 healthy, 1 degraded, 2 unhealthy, 3 critical, 4 unknown: the whole and each part.");
  const auto sample = [&](std::string_view name, health::Status status) {
    text.sample(std::uint64_t{static_cast<std::uint8_t>(status)}, {{"component", name}});
  };
  sample("all", view.status);
  for (const health::Component& part : view.components) sample(part.name, part.status);
}

void guard(MetricsText& text, const Decisions& decisions) {
  text.family("feedwatch_guard_decisions", Type::counter,
              "Prices asked for, by consumer, verdict and reason.");
  for (const Decisions::Row& row : decisions.rows()) {
    text.sample(row.count,
                {{"consumer", row.consumer}, {"verdict", row.verdict}, {"reason", row.reason}});
  }
}

void alerts(MetricsText& text, const engine::Control& control) {
  text.family("feedwatch_alerts", Type::gauge, "Alerts by name and state.");
  for (const engine::AlertCount& count : control.alert_counts()) {
    text.sample(std::uint64_t{count.pending}, {{"alertname", count.name}, {"state", "pending"}});
    text.sample(std::uint64_t{count.firing}, {{"alertname", count.name}, {"state", "firing"}});
  }
  const engine::Control::Counters counters = control.counters();
  text.family("feedwatch_alert_transitions", Type::counter, "Changes of the state of alerts.");
  text.sample(counters.alerts_pending, {{"from", "inactive"}, {"to", "pending"}});
  text.sample(counters.alerts_fired, {{"from", "pending"}, {"to", "firing"}});
  text.sample(counters.alerts_resolved, {{"from", "firing"}, {"to", "resolved"}});
}

void notifications(MetricsText& text, const engine::Control& control) {
  const std::vector<engine::SinkView> sinks = control.sinks();
  const auto each = [&](std::string_view name, Type type, std::string_view help, auto value) {
    text.family(name, type, help);
    for (const engine::SinkView& sink : sinks) {
      text.sample(std::uint64_t{value(sink)}, {{"integration", sink.name}});
    }
  };
  each("feedwatch_notifications", Type::counter, "Deliveries of alerts that came to an end.",
       [](const auto& sink) { return sink.delivered + sink.refused + sink.dropped; });
  text.family("feedwatch_notification_failures", Type::counter,
              "Of these, those that did not arrive: refused by the sink, or lost at a bound.");
  for (const engine::SinkView& sink : sinks) {
    text.sample(sink.refused, {{"integration", sink.name}, {"reason", "refused"}});
    text.sample(sink.dropped, {{"integration", sink.name}, {"reason", "dropped"}});
  }
  each("feedwatch_notification_retries", Type::counter, "Delivery attempts that will be repeated.",
       [](const auto& sink) { return sink.retries; });
  each("feedwatch_notification_queue_length", Type::gauge, "Notifications not yet delivered.",
       [](const auto& sink) { return sink.pending; });
  each("feedwatch_notification_queue_capacity", Type::gauge, "How many may wait.",
       [](const auto& sink) { return sink.capacity; });
}

void journal(MetricsText& text, const engine::Control& control) {
  const engine::Control::Counters counters = control.counters();
  const auto counter = [&](std::string_view name, std::string_view help, std::uint64_t value) {
    text.family(name, Type::counter, help);
    text.sample(value);
  };
  counter("feedwatch_journal_commits", "Batches written to the store.", counters.journal_commits);
  counter("feedwatch_journal_errors", "Batches the store did not take at once.",
          counters.journal_errors);
  counter("feedwatch_journal_rows_dropped", "Rows lost at the bound of the journal's queue.",
          counters.journal_dropped_rows);
  counter("feedwatch_stream_transitions", "Level transitions of streams.", counters.transitions);
  counter("feedwatch_stream_transitions_merged", "Transitions folded into a later one.",
          counters.transitions_merged);
  text.family("feedwatch_journal_queue_length", Type::gauge, "Batches not yet written.");
  text.sample(std::uint64_t{counters.journal_pending});
}

void process(MetricsText& text, const ProcessFacts& facts, std::string_view version) {
  text.family("feedwatch_build_info", Type::gauge, "Version of the running program.");
  text.sample(std::uint64_t{1}, {{"version", version}});
  std::uint64_t received = facts.ticks_accepted;
  for (const auto& [reason, count] : facts.ticks_rejected) received += count;
  text.family("feedwatch_ticks_received", Type::counter, "Ticks received, stored or not.");
  text.sample(received);
  text.family("feedwatch_ticks_rejected", Type::counter, "Ticks not stored, by reason.");
  for (const auto& [reason, count] : facts.ticks_rejected) text.sample(count, {{"reason", reason}});
  text.family("feedwatch_ticks_duplicate", Type::counter,
              "Ticks that another of doubled lines had brought first.");
  text.sample(facts.ticks_duplicate);
  text.family("feedwatch_line_divergences", Type::counter,
              "Times the prices of two of doubled lines stood still and differed.");
  text.sample(facts.line_divergences);
  text.family("feedwatch_loop_stalls", Type::counter,
              "Times a loop of our own did not poll for 250 ms.");
  text.sample(facts.stalls);
  text.family("feedwatch_loop_longest_stall_seconds", Type::gauge, "The longest of them.");
  text.sample(to_seconds(facts.longest_stall));
  text.family("feedwatch_mailbox_refused", Type::counter, "Tasks refused by a full mailbox.");
  text.sample(facts.mailbox_refused);
}

}  // namespace

std::string render_metrics(const ApiPorts& ports, std::string_view version,
                           MetricsText::Format format, std::uint64_t& left_out) {
  const MonoTime now = ports.clock.now();
  MetricsText text(format);
  process(text, ports.process(), version);
  const std::vector<engine::StreamView> views = ports.control.streams(now);
  const std::size_t shown = std::min(views.size(), max_metric_streams);
  streams(text, std::span(views).first(shown));
  left_out = std::max<std::uint64_t>(left_out, views.size() - shown);
  text.family("feedwatch_series_limit_exceeded", Type::counter,
              "The most streams at one time without series of their own, because of their number.");
  text.sample(left_out);
  lines(text, ports.control.lines(now));
  venues(text, ports.control.venues());
  components(text, ports.control.health(now));
  guard(text, ports.decisions);
  alerts(text, ports.control);
  notifications(text, ports.control);
  journal(text, ports.control);
  return text.finish();
}

}  // namespace feedwatch::api
