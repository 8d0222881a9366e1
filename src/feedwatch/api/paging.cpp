#include "feedwatch/api/paging.hpp"

#include <charconv>

namespace feedwatch::api {

Result<Page> page_of(const Target& target) {
  Page page;
  page.cursor = target.parameter("cursor").value_or("");
  const auto text = target.parameter("limit");
  if (!text) return page;
  const char* end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, page.limit);
  if (error != std::errc{} || stop != end || page.limit == 0 || page.limit > max_page) {
    return std::unexpected(
        Error{.what = "limit", .why = "must be a number from 1 to 10000", .fix = {}});
  }
  return page;
}

}  // namespace feedwatch::api
