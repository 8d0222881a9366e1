#include "feedwatch/app/position_command.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "feedwatch/api/client_view.hpp"
#include "feedwatch/api/position_body.hpp"
#include "feedwatch/api/terminal_text.hpp"
#include "feedwatch/app/client_print.hpp"
#include "feedwatch/app/monitor_client.hpp"
#include "feedwatch/app/run.hpp"
#include "feedwatch/base/duration_text.hpp"
#include "feedwatch/base/time_text.hpp"

namespace feedwatch::app {
namespace {

int print_table(const std::string& body, bool json) {
  if (json) {
    fmt::print("{}\n", api::printable_json(body));
    return exit_ok;
  }
  const Result<std::string> table = api::position_table(body);
  if (!table) return failed(table.error());
  fmt::print("{}", *table);
  return exit_ok;
}

Error wrong(std::string what, std::string why) {
  return {.what = std::move(what), .why = std::move(why), .fix = "see feedwatch positions --help"};
}

Result<Decimal> number_of(const char* option, const std::string& text) {
  const auto number = Decimal::parse(text);
  if (!number) return std::unexpected(wrong(option, "'" + text + "' is no decimal number"));
  return *number;
}

/// Its rules, in the form they are kept in.
Result<RuleOverrides> rules_of(const PositionArgs& args) {
  RuleOverrides rules;
  const auto text_of = [](bool off, const std::vector<std::string>& numbers) {
    return off ? std::string("off") : fmt::format("{}", fmt::join(numbers, " "));
  };
  if (args.no_trailing || !args.trailing.empty()) {
    auto trailing = trailing_override(text_of(args.no_trailing, args.trailing));
    if (!trailing) return std::unexpected(trailing.error());
    rules.trailing = std::move(*trailing);
  }
  if (args.no_aged || !args.aged.empty()) {
    auto aged = aged_override(text_of(args.no_aged, args.aged));
    if (!aged) return std::unexpected(aged.error());
    rules.aged = *aged;
  }
  return rules;
}

/// As it is sent; what else is wrong with it the monitor says.
Result<api::PositionBody> wish_of(const PositionArgs& args) {
  api::PositionBody wish;
  wish.owner = args.owner;
  wish.position.id = args.id;
  wish.position.venue = args.venue;
  wish.position.symbol = args.symbol;
  const auto side = side_from_text(args.side);
  if (!side) return std::unexpected(wrong("side", "must be long or short"));
  wish.position.side = *side;
  const auto entry = number_of("--entry-price", args.entry_price);
  if (!entry) return std::unexpected(entry.error());
  const auto quantity = number_of("--quantity", args.quantity);
  if (!quantity) return std::unexpected(quantity.error());
  wish.position.entry_price = *entry;
  wish.position.quantity = *quantity;
  if (!args.opened_at.empty()) {
    const auto at = parse_time(args.opened_at);
    if (!at) return std::unexpected(wrong("--opened-at", at.error().why));
    wish.position.opened_at = *at;
    wish.dated = true;
  }
  if (!args.ttl.empty()) {
    const auto ttl = parse_duration(args.ttl);
    if (!ttl) return std::unexpected(wrong("--ttl", ttl.error().text()));
    wish.ttl = *ttl;
  }
  wish.terms.strategy = args.strategy;
  Result<RuleOverrides> rules = rules_of(args);
  if (!rules) return std::unexpected(rules.error());
  wish.terms.rules = std::move(*rules);
  return wish;
}

std::string path_of(const PositionArgs& position) {
  std::string path = "/v1/positions/" + percent_encoded(position.id);
  char mark = '?';
  for (const auto& [name, value] :
       {std::pair{"venue", &position.venue}, std::pair{"symbol", &position.symbol}}) {
    if (value->empty()) continue;
    path += fmt::format("{}{}={}", mark, name, percent_encoded(*value));
    mark = '&';
  }
  return path;
}

}  // namespace

int run_positions(const ClientArgs& args) {
  if (!usable(args)) return exit_usage;
  MonitorClient monitor(args);
  const Result<api::ListPage> all = all_of(monitor, "positions", "/v1/positions?limit=1000");
  if (!all) return failed(all.error());
  std::string body = "{\"positions\":[";
  for (const std::string& item : all->items) body += (body.back() == '[' ? "" : ",") + item;
  return print_table(body + "],\"next_cursor\":null}", args.json);
}

int run_position_put(const ClientArgs& args, const PositionArgs& position) {
  if (!usable(args)) return exit_usage;
  const Result<api::PositionBody> wish = wish_of(position);
  if (!wish) return print_usage("positions put", wish.error());
  MonitorClient monitor(args);
  const Result<HttpResponse> answer = monitor.change(
      "PUT", "/v1/positions/" + percent_encoded(position.id), api::position_body(*wish));
  if (!answer) return failed(answer.error());
  if (answer->status != 200) return failed(said_no(api::printable(position.id), *answer));
  return print_table("{\"positions\":[" + answer->body + "]}", args.json);
}

int run_position_close(const ClientArgs& args, const PositionArgs& position) {
  if (!usable(args)) return exit_usage;
  MonitorClient monitor(args);
  const Result<HttpResponse> answer = monitor.change("DELETE", path_of(position));
  if (!answer) return failed(answer.error());
  if (answer->status != 204) return failed(said_no(api::printable(position.id), *answer));
  if (!args.json) fmt::print("{} is watched over no more\n", api::printable(position.id));
  return exit_ok;
}

}  // namespace feedwatch::app
