#pragma once

#include <string>
#include <string_view>

#include "feedwatch/api/client_view.hpp"
#include "feedwatch/app/client.hpp"
#include "feedwatch/app/monitor_client.hpp"
#include "feedwatch/base/error.hpp"
#include "feedwatch/base/ports/http_fetch.hpp"
#include "feedwatch/model/stream_key.hpp"

/// Private to the client commands: what they print, the same wherever it was asked. Each prints and
/// returns the exit code.
namespace feedwatch::app {

void print_json(std::string_view body);
/// Whatever the monitor says beside what was hoped for.
Error said_no(const std::string& what, const HttpResponse& answer);
/// Exit 1.
int failed(const Error& error);
/// An address that is none is the command line's fault, not a monitor that does not answer.
bool usable(const ClientArgs& args);
Result<std::string> body_of(MonitorClient& monitor, const std::string& path);
/// All pages of a list; `path` has a parameter already.
Result<api::ListPage> all_of(MonitorClient& monitor, const std::string& field,
                             const std::string& path);

/// An argument that is none: exit 2.
int print_usage(std::string_view flag, const Error& error);
/// A price as /v1/prices serves it.
int print_price(const std::string& body, bool json);
/// A refusal as /v1/prices serves it: exit 4.
int print_refused(const StreamKey& key, const std::string& body, const std::string& max_age,
                  bool json);

}  // namespace feedwatch::app
