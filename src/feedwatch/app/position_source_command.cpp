#include "feedwatch/app/position_source_command.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include <fmt/format.h>

#include "feedwatch/api/position_body.hpp"
#include "feedwatch/api/terminal_text.hpp"
#include "feedwatch/app/client_print.hpp"
#include "feedwatch/app/monitor_client.hpp"
#include "feedwatch/app/run.hpp"

namespace feedwatch::app {
namespace {

constexpr std::size_t max_bytes = 256U << 10U;  ///< the monitor takes no more in one request

Error wrong(const std::string& file, std::string why, std::string fix = {}) {
  return {.what = file, .why = std::move(why), .fix = std::move(fix)};
}

Result<std::string> read(const std::string& name) {
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::unique_ptr<std::FILE, Close> opened;
  if (name != "-") opened.reset(std::fopen(name.c_str(), "re"));
  std::FILE* const file = name == "-" ? stdin : opened.get();
  if (file == nullptr) {
    return std::unexpected(wrong(name, std::string("cannot be read: ") + std::strerror(errno)));
  }
  std::string text(max_bytes + 1, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file));
  if (std::ferror(file) != 0) {
    return std::unexpected(wrong(name, std::string("cannot be read: ") + std::strerror(errno)));
  }
  if (text.size() > max_bytes) {
    return std::unexpected(wrong(name, fmt::format("is over {} KiB", max_bytes >> 10U),
                                 "let the monitor read it itself: [positions] files"));
  }
  return text;
}

std::string path_of(const std::string& source) {
  return "/v1/position-sources/" + percent_encoded(source);
}

}  // namespace

int run_position_sync(const ClientArgs& args, const PositionSourceArgs& list) {
  if (!usable(args)) return exit_usage;
  const Result<std::string> body = read(list.file);
  if (!body) return print_usage("positions sync", body.error());
  if (const auto parsed = api::parse_position_list(*body); !parsed) {
    return print_usage("positions sync", wrong(list.file, parsed.error().text()));
  }
  MonitorClient monitor(args);
  const Result<HttpResponse> answer = monitor.change("PUT", path_of(list.source), *body);
  if (!answer) return failed(answer.error());
  if (answer->status != 200) return failed(said_no(api::printable(list.source), *answer));
  const Result<api::TakenView> taken = api::parse_taken(answer->body);
  if (!taken) return failed(taken.error());
  if (args.json) {
    fmt::print("{}\n", api::printable_json(answer->body));
  } else {
    fmt::print("{}", taken->text);
  }
  return taken->whole ? exit_ok : exit_failure;
}

int run_position_sources(const ClientArgs& args) {
  if (!usable(args)) return exit_usage;
  MonitorClient monitor(args);
  const Result<std::string> body = body_of(monitor, "/v1/position-sources");
  if (!body) return failed(body.error());
  if (args.json) {
    fmt::print("{}\n", api::printable_json(*body));
    return exit_ok;
  }
  const Result<std::string> table = api::source_table(*body);
  if (!table) return failed(table.error());
  fmt::print("{}", *table);
  return exit_ok;
}

int run_position_forget(const ClientArgs& args, const PositionSourceArgs& source) {
  if (!usable(args)) return exit_usage;
  MonitorClient monitor(args);
  const Result<HttpResponse> answer = monitor.change("DELETE", path_of(source.source));
  if (!answer) return failed(answer.error());
  if (answer->status != 204) return failed(said_no(api::printable(source.source), *answer));
  if (!args.json) {
    fmt::print(
        "{} lists positions no more; those it listed are watched over until they are closed\n",
        api::printable(source.source));
  }
  return exit_ok;
}

}  // namespace feedwatch::app
