#pragma once

#include <string>
#include <string_view>

#include "feedwatch/app/client.hpp"
#include "feedwatch/base/error.hpp"
#include "feedwatch/base/ports/http_fetch.hpp"
#include "feedwatch/model/stream_key.hpp"

/// Private to the client commands: what they print, the same wherever it was asked. Each prints and
/// returns the exit code.
namespace feedwatch::app {

/// An argument that is none: exit 2.
int print_usage(std::string_view flag, const Error& error);
/// Whatever the monitor says beside what was hoped for.
Error said_no(const std::string& what, const HttpResponse& answer);
/// Whether the address is one; says so if not: it is the command line's fault, and no monitor that
/// does not answer.
bool usable(const ClientArgs& args);
/// A price as /v1/prices serves it.
int print_price(const std::string& body, bool json);
/// A refusal as /v1/prices serves it: exit 4.
int print_refused(const StreamKey& key, const std::string& body, const std::string& max_age,
                  bool json);

}  // namespace feedwatch::app
