#include "feedwatch/api/metrics.hpp"

#include "feedwatch/api/metrics_process.hpp"

#include <algorithm>
#include <map>
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

/// Per venue and kind, not per stream: the rows of a stream are few enough to keep.
void limits(MetricsText& text, std::span<const engine::StreamView> views) {
  std::map<std::pair<std::string_view, Kind>, std::pair<Duration, Duration>> smallest;
  for (const engine::StreamView& view : views) {
    const Policy& policy = view.info->policy;
    const auto [at, fresh] = smallest.try_emplace({view.info->key.venue, view.info->key.kind},
                                                  policy.degraded_after, policy.stale_after);
    at->second.first = std::min(at->second.first, policy.degraded_after);
    at->second.second = std::min(at->second.second, policy.stale_after);
  }
  text.family("feedwatch_threshold_seconds", Type::gauge,
              "The smallest age at which a stream of the venue and kind takes the level.");
  for (const auto& [key, limit] : smallest) {
    const auto sample = [&](Level level, Duration value) {
      text.sample(to_seconds(value),
                  {{"venue", key.first}, {"kind", to_text(key.second)}, {"level", to_text(level)}});
    };
    sample(Level::degraded, limit.first);
    sample(Level::stale, limit.second);
  }
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

void rest(MetricsText& text, std::span<const engine::VenueStatus> list, const WallAnchor& anchor) {
  const auto each = [&](auto sample) {
    for (const auto& venue : list) {
      if (venue.rest) sample(*venue.rest, MetricsText::LabelList{{"venue", venue.venue}});
    }
  };
  text.family("feedwatch_rest_last_good_timestamp_seconds", Type::gauge,
              "When REST of the venue last answered well; absent if never.");
  each([&](const feed::RestStatus& rest, auto labels) {
    if (rest.good_at) text.sample_milliseconds(milliseconds(anchor.at(*rest.good_at)), labels);
  });
  text.family("feedwatch_rest_requests", Type::counter,
              "Requests to REST of the venue that ended.");
  each([&](const feed::RestStatus& rest, auto labels) { text.sample(rest.answers, labels); });
  text.family("feedwatch_rest_errors", Type::counter, "Of these, those without a good answer.");
  each([&](const feed::RestStatus& rest, auto labels) { text.sample(rest.errors, labels); });
  text.family("feedwatch_venue_clock_skew_seconds", Type::gauge,
              "The venue's clock minus ours, by the dates of its answers.");
  each([&](const feed::RestStatus& rest, auto labels) {
    if (rest.skew) text.sample(to_seconds(*rest.skew), labels);
  });
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

void signal_sources(MetricsText& text, std::span<const PulseView> pulses) {
  const auto each = [&](std::string_view name, Type type, std::string_view help, auto value) {
    text.family(name, type, help);
    for (const PulseView& pulse : pulses) {
      if (pulse.source) text.sample(std::uint64_t{value(*pulse.source)}, {{"pulse", pulse.name}});
    }
  };
  const auto each_type = [&](std::string_view name, std::string_view help, auto value) {
    text.family(name, Type::counter, help);
    for (const PulseView& pulse : pulses) {
      if (!pulse.source) continue;
      for (const PulseSource::Count& count : pulse.source->messages) {
        text.sample(value(count), {{"pulse", pulse.name}, {"type", count.type}});
      }
    }
  };
  each("feedwatch_signal_source_connected", Type::gauge,
       "1 while the source of the pulse has let us in.", [](const PulseSource& source) {
         return source.state == SourceState::authenticated ? 1U : 0U;
       });
  each("feedwatch_signals", Type::counter, "New signals of the source.",
       [](const PulseSource& source) { return source.signals; });
  each("feedwatch_signal_source_dials", Type::counter, "Connection attempts to the source.",
       [](const PulseSource& source) { return source.dials; });
  each("feedwatch_signal_source_losses", Type::counter,
       "Connections to the source that ended after it had let us in.",
       [](const PulseSource& source) { return source.losses; });
  each("feedwatch_signal_source_rejections", Type::counter, "Times the source refused our token.",
       [](const PulseSource& source) { return source.rejections; });
  each_type("feedwatch_signal_source_messages", "Messages of the source, by type.",
            [](const PulseSource::Count& count) { return count.received; });
  each_type("feedwatch_signal_source_unreadable", "Of these, those that could not be read.",
            [](const PulseSource::Count& count) { return count.failed; });
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
  text.family("feedwatch_notification_latency_seconds", Type::histogram,
              "From the change of an alert to its delivery, grouping and retries included.");
  for (const engine::SinkView& sink : sinks) {
    text.sample(sink.latency, {{"integration", sink.name}});
  }
}

void decisions_told(MetricsText& text, const engine::Control& control) {
  const std::vector<engine::SinkView> webhooks = control.receivers();
  const auto each = [&](std::string_view name, Type type, std::string_view help, auto value) {
    text.family(name, type, help);
    for (const engine::SinkView& webhook : webhooks) {
      text.sample(std::uint64_t{value(webhook)}, {{"webhook", webhook.name}});
    }
  };
  each("feedwatch_decision_deliveries", Type::counter, "Decisions taken by their receiver.",
       [](const auto& webhook) { return webhook.delivered; });
  text.family("feedwatch_decision_failures", Type::counter,
              "Decisions that ended otherwise: refused for good, or no longer kept when due.");
  for (const engine::SinkView& webhook : webhooks) {
    text.sample(webhook.refused, {{"webhook", webhook.name}, {"reason", "refused"}});
    text.sample(webhook.dropped, {{"webhook", webhook.name}, {"reason", "dropped"}});
  }
  each("feedwatch_decision_retries", Type::counter, "Attempts that will be repeated.",
       [](const auto& webhook) { return webhook.retries; });
  each("feedwatch_decision_queue_length", Type::gauge, "Decisions not yet delivered.",
       [](const auto& webhook) { return webhook.pending; });
  each("feedwatch_decision_queue_capacity", Type::gauge, "How many are known of at a time.",
       [](const auto& webhook) { return webhook.capacity; });
  text.family("feedwatch_decision_latency_seconds", Type::histogram,
              "From when a decision is written, or read again, to its delivery.");
  for (const engine::SinkView& webhook : webhooks) {
    text.sample(webhook.latency, {{"webhook", webhook.name}});
  }
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
  counter("feedwatch_journal_rows_dropped",
          "Rows given up, refused by the store or for want of room.",
          counters.journal_dropped_rows);
  counter("feedwatch_stream_transitions", "Level transitions of streams.", counters.transitions);
  counter("feedwatch_stream_transitions_merged", "Transitions folded into a later one.",
          counters.transitions_merged);
  text.family("feedwatch_alert_store_write_seconds", Type::histogram,
              "How long a batch of rows took to be durable.");
  text.sample(control.store_latency());
  text.family("feedwatch_journal_queue_length", Type::gauge, "Batches not yet written.");
  text.sample(std::uint64_t{counters.journal_pending});
}

}  // namespace

std::string render_metrics(const ApiPorts& ports, std::string_view version,
                           MetricsText::Format format, std::uint64_t& left_out) {
  const MonoTime now = ports.clock.now();
  MetricsText text(format);
  const ProcessFacts facts = ports.process();
  process_metrics(text, facts, version);
  const std::vector<engine::StreamView> views = ports.control.streams(now);
  const std::size_t shown = std::min(views.size(), max_metric_streams);
  streams(text, std::span(views).first(shown));
  left_out = std::max<std::uint64_t>(left_out, views.size() - shown);
  text.family("feedwatch_series_limit_exceeded", Type::counter,
              "The most streams at one time without series of their own, because of their number.");
  text.sample(left_out);
  limits(text, views);
  lines(text, ports.control.lines(now));
  const std::vector<engine::VenueStatus> venue_list = ports.control.venues();
  venues(text, venue_list);
  rest(text, venue_list, {.wall = ports.clock.wall_now(), .mono = now});
  components(text, ports.control.health(now));
  signal_sources(text, ports.control.pulses(now));
  guard(text, ports.decisions);
  alerts(text, ports.control);
  notifications(text, ports.control);
  decisions_told(text, ports.control);
  journal(text, ports.control);
  return text.finish();
}

}  // namespace feedwatch::api
