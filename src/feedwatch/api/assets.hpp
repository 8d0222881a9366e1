#pragma once

#include <span>
#include <string_view>

namespace feedwatch::api {

/// A file of the dashboard, embedded at build time from web/dist.
struct Asset {
  std::string_view path;  ///< "/", "/app.js"
  std::string_view content_type;
  std::string_view body;
};
std::span<const Asset> assets();

}  // namespace feedwatch::api
