#pragma once

#include <string>
#include <string_view>

#include "feedwatch/base/error.hpp"
#include "feedwatch/model/stream_key.hpp"

/// Private to the client commands: what they print, the same wherever it was asked. Each prints and
/// returns the exit code.
namespace feedwatch::app {

/// An argument that is none: exit 2.
int print_usage(std::string_view flag, const Error& error);
/// A price as /v1/prices serves it.
int print_price(const std::string& body, bool json);
/// A refusal as /v1/prices serves it: exit 4.
int print_refused(const StreamKey& key, const std::string& body, const std::string& max_age,
                  bool json);

}  // namespace feedwatch::app
