#include "feedwatch/api/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "feedwatch/api/tests/api_bench.hpp"
#include "feedwatch/api/tests/exposition.hpp"
#include "feedwatch/base/tests/test_data.hpp"

namespace feedwatch::api {
namespace {

using engine::ControlBench;
using Format = MetricsText::Format;

class Metrics : public ::testing::Test {
 protected:
  std::string text(Format format = Format::prometheus) {
    return render_metrics(bench.ports(), "1.2.3", format, left_out);
  }
  Exposition read() {
    const Exposition found = ExpositionReader(false).read(text());
    EXPECT_EQ(found.fault, "");
    return found;
  }

  /// Something of everything, hostile names included.
  void fill() {
    bench.priced("BTCUSDT");
    bench.priced("say \"hi\"\n\\ {x=\"1\"} 7", "1");
    bench.put(bench.watch("NEVER"));
    const auto late = bench.priced("LATE");
    bench.clock.time += 301s;
    bench.put(ControlBench::at(late, Level::stale, Reason::silent, bench.clock.time));
    engine::LineStatus line{.line = LineId{1}, .name = "v/market#1", .venue = "v"};
    line.state = engine::LineState::live;
    line.frames = 1234;
    bench.put(line);
    bench.put(ControlBench::venue(true, bench.clock.time));
    bench.facts.ticks_rejected = {{"not_positive", 0}, {"wrong_kind", 3}};
    bench.get("/v1/prices/v/BTCUSDT/mark?max_age=5s");
    bench.get("/v1/prices/v/NOBODY/mark?max_age=5s");
    measured();
  }

  /// What the app's threads bring: histograms, queues, disks, the kernel's account.
  void measured() {
    Histogram lag(latency_bounds);
    lag.observe(3ms);
    lag.observe(2min);
    bench.facts.loops = {{.name = "control", .lag = lag.snapshot()},
                         {.name = "shard 0", .lag = lag.snapshot()}};
    bench.facts.venues = {{.venue = "v",
                           .interarrival = lag.snapshot(),
                           .source_lag = Histogram(latency_bounds).snapshot(),
                           .false_suspicions = 2,
                           .mistaken = 2500ms}};
    bench.facts.self.queues = {{.name = "journal", .length = 7, .capacity = 20'000},
                               {.name = "spool", .length = 0}};
    bench.facts.self.disks = {{.what = "database", .path = "/d", .free_bytes = 5, .error = {}},
                              {.what = "recording", .path = "/r", .error = "no such folder"}};
    bench.facts.usage = {.cpu_seconds = 1.25, .resident_bytes = 4096, .start_time_seconds = 1e9};
  }

  /// Runs a program with the exposition on its standard input.
  int piped(const std::string& program, const std::string& exposition) {
    const auto path = std::filesystem::temp_directory_path() /
                      ("feedwatch-metrics-" + std::to_string(::getpid()));
    std::ofstream(path) << exposition;
    const int status = std::system((program + " <" + path.string()).c_str());
    std::filesystem::remove(path);
    return status;
  }

  /// A stream the control has heard of, and nothing more.
  void known(const std::string& symbol) {
    auto info = std::make_shared<engine::StreamInfo>();
    info->key = {"v", symbol, Kind::mark};
    info->text = info->key.text();
    engine::StreamStatus status;
    status.stream = StreamId{1, ++generation_};
    status.info = std::move(info);
    bench.board.put(status);
  }

  ApiBench bench;
  std::uint64_t left_out = 0;

 private:
  std::uint32_t generation_ = 1;
};

TEST_F(Metrics, both_formats_can_be_read_back) {
  for (const bool filled : {false, true}) {
    if (filled) fill();
    EXPECT_EQ(ExpositionReader(false).read(text()).fault, "");
    EXPECT_EQ(ExpositionReader(true).read(text(Format::openmetrics)).fault, "");
  }
}

TEST_F(Metrics, promtool_finds_nothing) {
  if (std::system("command -v promtool >/dev/null 2>&1") != 0) {
    GTEST_SKIP() << "promtool is not installed (package prometheus)";
  }
  fill();
  EXPECT_EQ(piped("promtool check metrics", text()), 0);
}

/// Reads both formats back with the Python client, a parser that is none of ours, and prints what
/// it found of one family, a symbol a line.
constexpr const char* python_reader = R"(/usr/bin/python3 -c '
import sys
from prometheus_client import parser
from prometheus_client.openmetrics import parser as openmetrics
text = sys.stdin.buffer.read().decode("utf-8")
read = openmetrics if text.endswith("# EOF\n") else parser
seen, symbols = set(), set()
for family in read.text_string_to_metric_families(text):
    for sample in family.samples:
        key = (sample.name, tuple(sorted(sample.labels.items())))
        assert key not in seen, key
        seen.add(key)
        if sample.name == "feedwatch_stream_level": symbols.add(sample.labels["symbol"])
want = set(open(sys.argv[1], encoding="utf-8").read().split("\0")[:-1])
assert symbols == want, symbols ^ want
' )";

TEST_F(Metrics, an_independent_parser_reads_the_same) {
  if (std::system("/usr/bin/python3 -c 'import prometheus_client' >/dev/null 2>&1") != 0) {
    GTEST_SKIP() << "the client library is not installed (package python3-prometheus-client)";
  }
  fill();
  const auto blns = feedwatch::testing::test_data_path("hostile/blns/blns.json");
  FEEDWATCH_NEEDS_DATA(blns);
  std::set<std::string> symbols{"BTCUSDT", "say \"hi\"\n\\ {x=\"1\"} 7", "NEVER", "LATE"};
  for (const auto& entry : Json::parse(feedwatch::testing::read_file(blns))) {
    const auto symbol = entry.get<std::string>();
    // The client's reader of the text format takes "\\n" for a break of line wherever it stands.
    if (!symbol.empty() && symbols.insert(symbol).second) known(symbol);
  }
  bench.deliver_status();
  const auto want =
      std::filesystem::temp_directory_path() / ("feedwatch-symbols-" + std::to_string(::getpid()));
  {
    std::ofstream out(want, std::ios::binary);
    for (const std::string& symbol : symbols) out << symbol << '\0';
  }
  for (const Format format : {Format::prometheus, Format::openmetrics}) {
    EXPECT_EQ(piped(python_reader + want.string(), text(format)), 0);
  }
  std::filesystem::remove(want);
}

TEST_F(Metrics, any_state_can_be_read_back) {
  auto pick = [state = std::uint64_t{1}](std::uint64_t below) mutable {
    state = state * 6364136223846793005U + 1442695040888963407U;
    return (state >> 33U) % below;
  };
  const auto text_of = [&](std::size_t most) {
    std::string made;
    for (std::size_t left = pick(most); left > 0; --left) {
      made += static_cast<char>(pick(4) == 0 ? pick(256) : 'a' + pick(26));
    }
    return made;
  };
  for (int round = 0; round < 60; ++round) {
    known("S" + text_of(12));
    engine::LineStatus line{.line = LineId{static_cast<std::uint32_t>(pick(5))},
                            .name = text_of(9),
                            .venue = text_of(3)};
    line.frames = pick(1'000);
    bench.board.put(line);
    engine::VenueStatus venue = ControlBench::venue(pick(2) == 0, bench.clock.time, text_of(3));
    if (pick(2) == 0) venue.rest = feed::RestStatus{.good_at = bench.clock.time, .skew = -90s};
    bench.board.put(venue);
    bench.deliver_status();
    if (pick(3) == 0) measured();
    if (pick(3) == 0) bench.facts.venues.push_back({.venue = text_of(3)});
    if (pick(3) == 0) bench.facts.loops.push_back({.name = text_of(3)});
    bench.facts.usage.cpu_seconds += static_cast<double>(pick(100)) / 7;
    bench.run_until(bench.clock.time + std::chrono::seconds(pick(120)));
    const Exposition plain = ExpositionReader(false).read(text());
    ASSERT_EQ(plain.fault, "") << "round " << round;
    const Exposition open = ExpositionReader(true).read(text(Format::openmetrics));
    ASSERT_EQ(open.fault, "") << "round " << round;
    EXPECT_EQ(plain.samples.size(), open.samples.size());
  }
}

TEST_F(Metrics, what_is_measured_of_venues_loops_and_the_process) {
  fill();
  const Exposition found = read();
  const auto value = [&](const std::string& series) {
    return found.value(series).value_or("none");
  };
  EXPECT_EQ(value("feedwatch_tick_interarrival_seconds_bucket{venue=\"v\",le=\"0.005\"}"), "1");
  EXPECT_EQ(value("feedwatch_tick_interarrival_seconds_bucket{venue=\"v\",le=\"+Inf\"}"), "2");
  EXPECT_EQ(value("feedwatch_tick_interarrival_seconds_sum{venue=\"v\"}"), "120.003");
  EXPECT_EQ(value("feedwatch_tick_source_lag_seconds_count{venue=\"v\"}"), "0");
  EXPECT_EQ(value("feedwatch_event_loop_lag_seconds_count{loop=\"shard 0\"}"), "2");
  EXPECT_EQ(value("feedwatch_detector_false_suspicions_total{venue=\"v\"}"), "2");
  EXPECT_EQ(value("feedwatch_detector_mistake_seconds_total{venue=\"v\"}"), "2.5");
  EXPECT_EQ(value("feedwatch_queue_length{queue=\"journal\"}"), "7");
  EXPECT_EQ(value("feedwatch_queue_capacity{queue=\"journal\"}"), "20000");
  EXPECT_EQ(value("feedwatch_queue_capacity{queue=\"spool\"}"), "none") << "bounded elsewhere";
  EXPECT_EQ(value("feedwatch_disk_free_bytes{disk=\"database\"}"), "5");
  EXPECT_EQ(value("feedwatch_disk_free_bytes{disk=\"recording\"}"), "none") << "not known";
  EXPECT_EQ(value("feedwatch_local_health_score"), "2") << "a full disk and one without answer";
  EXPECT_EQ(value("process_cpu_seconds_total"), "1.25");
  EXPECT_EQ(value("feedwatch_threshold_seconds{venue=\"v\",kind=\"mark\",level=\"stale\"}"), "300");
}

TEST_F(Metrics, rest_of_a_venue_by_its_moments) {
  engine::VenueStatus venue = ControlBench::venue(true, bench.clock.time);
  bench.put(venue);
  EXPECT_EQ(read().value("feedwatch_rest_requests_total{venue=\"v\"}"), std::nullopt);
  venue.rest = feed::RestStatus{.answers = 3, .errors = 3};
  bench.put(venue);
  EXPECT_EQ(read().value("feedwatch_rest_errors_total{venue=\"v\"}"), "3");
  EXPECT_EQ(read().value("feedwatch_rest_last_good_timestamp_seconds{venue=\"v\"}"), std::nullopt);
  venue.rest->good_at = bench.clock.time;
  venue.rest->skew = -90s;
  bench.put(venue);
  const auto wall = to_ns(bench.clock.wall_now()) / 1'000'000'000;
  EXPECT_EQ(read().value("feedwatch_rest_last_good_timestamp_seconds{venue=\"v\"}"),
            std::to_string(wall) + ".000");
  EXPECT_EQ(read().value("feedwatch_venue_clock_skew_seconds{venue=\"v\"}"), "-90");
}

TEST_F(Metrics, a_stream_has_four_series_and_no_time_before_its_first_price) {
  const auto wall = to_ns(bench.clock.wall_now()) / 1'000'000'000;
  bench.priced("BTC");
  bench.put(bench.watch("NEVER"));
  const Exposition found = read();
  const auto of = [&](std::string_view name, std::string_view symbol) {
    return found.value("feedwatch_stream_" + std::string(name) + "{venue=\"v\",symbol=\"" +
                       std::string(symbol) + "\",kind=\"mark\"}");
  };
  EXPECT_EQ(of("last_update_timestamp_seconds", "BTC"), std::to_string(wall) + ".000");
  EXPECT_EQ(of("last_change_timestamp_seconds", "BTC"), std::to_string(wall) + ".000");
  EXPECT_EQ(of("level", "BTC"), "0");
  EXPECT_EQ(of("fault", "BTC"), "0");
  EXPECT_EQ(of("last_update_timestamp_seconds", "NEVER"), std::nullopt);
  EXPECT_EQ(of("last_change_timestamp_seconds", "NEVER"), std::nullopt);
  EXPECT_EQ(of("level", "NEVER"), "3");
  EXPECT_EQ(of("fault", "NEVER"), "0");
}

TEST_F(Metrics, level_and_fault_are_of_the_instant_of_the_scrape) {
  bench.priced("BTC");
  const std::string level = "feedwatch_stream_level{venue=\"v\",symbol=\"BTC\",kind=\"mark\"}";
  const std::string fault = "feedwatch_stream_fault{venue=\"v\",symbol=\"BTC\",kind=\"mark\"}";
  bench.clock.time += 180s;
  EXPECT_EQ(read().value(level), "0");
  bench.clock.time += 1ns;
  EXPECT_EQ(read().value(level), "1") << "no timer ran";
  EXPECT_EQ(read().value(fault), "1");
  bench.clock.time += 120s;
  EXPECT_EQ(read().value(level), "2");
}

TEST_F(Metrics, a_source_of_signals_has_series_once_it_feeds_a_pulse) {
  EXPECT_EQ(text().find("feedwatch_signals_total{"), std::string::npos);
  bench.control.beat("signals", PulseMark::beat, "", bench.clock.time);
  bench.settle();
  EXPECT_EQ(text().find("feedwatch_signals_total{"), std::string::npos) << "others tell us of it";
  bench.source = PulseSource{.state = SourceState::authenticated,
                             .signals = 17,
                             .losses = 2,
                             .messages = {{"signal", 18, 1}}};
  const std::string found = text();
  for (const char* line :
       {R"(feedwatch_signal_source_connected{pulse="signals"} 1)",
        R"(feedwatch_signals_total{pulse="signals"} 17)",
        R"(feedwatch_signal_source_losses_total{pulse="signals"} 2)",
        R"(feedwatch_signal_source_messages_total{pulse="signals",type="signal"} 18)",
        R"(feedwatch_signal_source_unreadable_total{pulse="signals",type="signal"} 1)"}) {
    EXPECT_THAT(found, ::testing::HasSubstr(line));
  }
  read();
}

TEST_F(Metrics, guard_decisions_are_counted_by_consumer_verdict_and_reason) {
  fill();
  const Exposition found = read();
  const std::string name = "feedwatch_guard_decisions_total{consumer=\"api\",verdict=\"refused\",";
  EXPECT_EQ(found.value(name + "reason=\"stale\"}"), "1");
  EXPECT_EQ(found.value(name + "reason=\"unconfigured\"}"), "1");
}

TEST_F(Metrics, health_alerts_and_rejections) {
  fill();
  const Exposition found = read();
  EXPECT_EQ(found.value("feedwatch_health_status{component=\"all\"}"), "3");
  EXPECT_EQ(found.value("feedwatch_health_status{component=\"Database\"}"), "0");
  EXPECT_EQ(found.value("feedwatch_ticks_rejected_total{reason=\"wrong_kind\"}"), "3");
  EXPECT_EQ(found.value("feedwatch_ticks_rejected_total{reason=\"not_positive\"}"), "0");
  EXPECT_EQ(found.value("feedwatch_line_frames_total{venue=\"v\",line=\"v/market#1\"}"), "1234");
  EXPECT_EQ(found.value("feedwatch_build_info{version=\"1.2.3\"}"), "1");
  EXPECT_EQ(found.value("feedwatch_ticks_received_total"),
            std::to_string(bench.facts.ticks_accepted + 3));
  std::uint64_t open = 0;
  for (const auto& sample : found.samples) {
    if (sample.family == "feedwatch_alerts") open += std::stoull(sample.value);
  }
  EXPECT_EQ(open, bench.control.alerts(0).size());
  EXPECT_GT(open, 0U);
}

TEST_F(Metrics, alerts_and_their_delivery_have_the_names_of_their_kind) {
  Exposition found = read();
  EXPECT_EQ(found.value("feedwatch_alerts{alertname=\"line_down\",state=\"pending\"}"), "0")
      << "known series begin at zero";
  fill();
  bench.put(ControlBench::venue(false, bench.clock.time));
  bench.run_until(bench.clock.time + 6s);
  found = read();
  EXPECT_EQ(found.value("feedwatch_alerts{alertname=\"line_down\",state=\"pending\"}"), "1");
  EXPECT_EQ(found.value("feedwatch_alerts{alertname=\"price_staleness\",state=\"firing\"}"), "1");
  const std::string transitions = "feedwatch_alert_transitions_total";
  EXPECT_EQ(found.value(transitions + "{from=\"inactive\",to=\"pending\"}"), "1");
  EXPECT_EQ(found.value(transitions + "{from=\"pending\",to=\"firing\"}"), "1");
  EXPECT_EQ(found.value(transitions + "{from=\"firing\",to=\"resolved\"}"), "0");
  EXPECT_EQ(found.value("feedwatch_notifications_total{integration=\"hook\"}"), "1");
  EXPECT_EQ(found.value("feedwatch_notification_failures_total{integration=\"hook\",reason="
                        "\"refused\"}"),
            "0");
  EXPECT_EQ(found.value("feedwatch_notification_queue_length{integration=\"hook\"}"), "0");
  // Told after the five seconds in which its siblings are waited for.
  const std::string latency = "feedwatch_notification_latency_seconds";
  EXPECT_EQ(found.value(latency + "_bucket{integration=\"hook\",le=\"2.5\"}"), "0");
  EXPECT_EQ(found.value(latency + "_count{integration=\"hook\"}"), "1");
  EXPECT_NE(found.value("feedwatch_alert_store_write_seconds_count"), "0");
  EXPECT_EQ(found.value("feedwatch_notification_queue_capacity{integration=\"hook\"}"), "20000");
}

TEST_F(Metrics, naughty_symbols_break_neither_exposition_nor_json) {
  const auto path = feedwatch::testing::test_data_path("hostile/blns/blns.json");
  FEEDWATCH_NEEDS_DATA(path);
  std::set<std::string> symbols;
  for (const auto& entry : Json::parse(feedwatch::testing::read_file(path))) {
    if (!entry.get<std::string>().empty()) symbols.insert(entry.get<std::string>());
  }
  for (const std::string& symbol : symbols) known(symbol);
  bench.deliver_status();
  for (const bool open : {false, true}) {
    const std::string out = text(open ? Format::openmetrics : Format::prometheus);
    const Exposition found = ExpositionReader(open).read(out);
    EXPECT_EQ(found.fault, "");
    EXPECT_EQ(
        std::ranges::count(found.samples, "feedwatch_stream_level", &Exposition::Sample::family),
        static_cast<std::ptrdiff_t>(symbols.size()));
  }
  std::set<std::string> listed;
  const Json streams = bench.json("/v1/streams");
  for (const Json& stream : streams["streams"]) listed.insert(stream["symbol"]);
  EXPECT_EQ(listed, symbols);
}

TEST_F(Metrics, streams_beyond_the_cap_are_counted_and_have_no_series) {
  for (std::uint32_t i = 0; i < max_metric_streams + 2; ++i) known("S" + std::to_string(i));
  bench.deliver_status();
  const Exposition found = read();
  EXPECT_EQ(found.value("feedwatch_series_limit_exceeded_total"), "2");
  EXPECT_EQ(
      std::ranges::count(found.samples, "feedwatch_stream_level", &Exposition::Sample::family),
      static_cast<std::ptrdiff_t>(max_metric_streams));
  EXPECT_LT(found.samples.size(), 10'000U);
}

}  // namespace
}  // namespace feedwatch::api
