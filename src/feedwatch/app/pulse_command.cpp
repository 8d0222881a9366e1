#include "feedwatch/app/pulse_command.hpp"

#include <fmt/format.h>

#include "feedwatch/api/client_view.hpp"
#include "feedwatch/api/pulse_view.hpp"
#include "feedwatch/api/terminal_text.hpp"
#include "feedwatch/app/client_print.hpp"
#include "feedwatch/app/monitor_client.hpp"
#include "feedwatch/app/run.hpp"

namespace feedwatch::app {

namespace {

int failed(const Error& error) {
  print_error(error);
  return exit_failure;
}

/// One that says more than its status is printed; anything else is an error.
int show(const Result<HttpResponse>& answer, const std::string& what, bool json, bool list) {
  if (!answer) return failed(answer.error());
  if (answer->status != 200) return failed(said_no(what, *answer));
  if (json) {
    fmt::print("{}\n", api::printable_json(answer->body));
    return exit_ok;
  }
  const Result<std::string> text =
      api::pulse_table(list ? answer->body : "{\"pulses\":[" + answer->body + "]}");
  if (!text) return failed(text.error());
  fmt::print("{}", *text);
  return exit_ok;
}

}  // namespace

int run_pulse(const ClientArgs& args, const PulseArgs& pulse) {
  if (pulse.list == !pulse.name.empty() || (pulse.failed && pulse.started)) {
    return print_usage(
        "pulse", {.what = "pulse",
                  .why = pulse.failed && pulse.started ? "it cannot have started and failed at once"
                                                       : "it wants a name, or --list",
                  .fix = "feedwatch pulse NAME [--failed|--started], or --list"});
  }
  if (!usable(args)) return exit_usage;
  MonitorClient monitor(args);
  if (pulse.list) return show(monitor.get("/v1/pulses"), "/v1/pulses", args.json, true);
  const PulseMark mark = pulse.failed    ? PulseMark::failed
                         : pulse.started ? PulseMark::started
                                         : PulseMark::beat;
  return show(monitor.change("POST", "/v1/pulses/" + percent_encoded(pulse.name),
                             api::pulse_body(mark, pulse.detail)),
              api::printable(pulse.name), args.json, false);
}

}  // namespace feedwatch::app
