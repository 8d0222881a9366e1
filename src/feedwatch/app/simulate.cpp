#include "feedwatch/app/simulate.hpp"

#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <memory>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "feedwatch/app/run.hpp"
#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/embed/system_clock.hpp"
#include "feedwatch/exchange/fault_parse.hpp"
#include "feedwatch/net/reactor.hpp"
#include "feedwatch/venues/venue.hpp"

namespace feedwatch::app {
namespace {

/// Stops a reactor at SIGINT and SIGTERM, which are blocked while it lives and arrive through a
/// descriptor: no handler runs between two instructions of ours.
class StopOnSignal final : private net::IoHandler {
 public:
  explicit StopOnSignal(net::Reactor& reactor) : reactor_(reactor) {
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGINT);
    sigaddset(&wanted, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &wanted, &before_);
    fd_ = signalfd(-1, &wanted, SFD_NONBLOCK | SFD_CLOEXEC);
    if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "signalfd");
    net::IoHandler& handler = *this;
    watch_ = reactor.watch(fd_, handler);
    watch_->want(true, false);
  }
  ~StopOnSignal() override {
    watch_.reset();
    ::close(fd_);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  StopOnSignal(const StopOnSignal&) = delete;
  StopOnSignal& operator=(const StopOnSignal&) = delete;

 private:
  void on_io(bool, bool) override {
    signalfd_siginfo info{};
    if (::read(fd_, &info, sizeof info) > 0) reactor_.stop();
  }

  net::Reactor& reactor_;
  sigset_t before_{};
  int fd_ = -1;
  std::unique_ptr<net::IoWatch> watch_;
};

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
