#include "feedwatch/app/simulate.hpp"

#include <cstdio>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "feedwatch/app/run.hpp"
#include "feedwatch/app/stop_on_signal.hpp"
#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/embed/system_clock.hpp"
#include "feedwatch/exchange/fault_parse.hpp"
#include "feedwatch/net/reactor.hpp"
#include "feedwatch/venues/venue.hpp"

namespace feedwatch::app {
namespace {

int failed(const Error& error) {
  print_error(error);
  return exit_failure;
}

}  // namespace

std::string simulate_banner(const exchange::Exchange& exchange, bool json) {
  const std::string control = exchange.rest_url() + "/control";
  if (!json) {
    return fmt::format("{} on {} (REST {}, faults: POST {})", exchange.desk().sheet().name,
                       exchange.ws_url(), exchange.rest_url(), control);
  }
  std::string out;
  JsonWriter(out)
      .begin_object()
      .field("venue", exchange.desk().sheet().name)
      .field("ws_url", exchange.ws_url())
      .field("rest_url", exchange.rest_url())
      .field("control_url", control)
      .field("port", exchange.port())
      .end_object();
  return out;
}

int run_simulate(const SimulateArgs& args) {
  exchange::Options options = args.exchange;
  if (venues::find_venue(options.venue) == nullptr) {
    print_error({.what = "--venue",
                 .why = "there is no venue " + json_quoted(options.venue),
                 .fix = fmt::format("use one of {}", fmt::join(venues::venue_names(), ", "))});
    return exit_usage;
  }
  if (!args.fault_file.empty()) {
    auto faults = exchange::read_fault_file(args.fault_file);
    if (!faults) return failed(faults.error());
    options.faults.insert(options.faults.end(), faults->begin(), faults->end());
  }
  const embed::SystemClock clock;
  net::Reactor reactor(clock);
  const StopOnSignal stop(reactor);
  auto exchange = exchange::Exchange::start(reactor, options);
  if (!exchange) return failed(exchange.error());
  fmt::print("{}\n", simulate_banner(**exchange, args.json));
  std::fflush(stdout);
  reactor.run();
  return 0;
}

}  // namespace feedwatch::app
