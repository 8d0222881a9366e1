#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/api/reply.hpp"
#include "feedwatch/api/target.hpp"
#include "feedwatch/base/error.hpp"
#include "feedwatch/base/json_writer.hpp"

/// Lists in pages: items in ascending order of a name each, one page behind `cursor`. A name, not a
/// number, because items come and go between two pages.
namespace feedwatch::api {

constexpr std::size_t default_page = 1000;
constexpr std::size_t max_page = 10'000;

struct Page {
  std::size_t limit = default_page;
  std::string cursor;
};

/// From ?limit= and ?cursor=. The error says what a limit may be.
Result<Page> page_of(const Target& target);

/// {"streams": […], "next_cursor": null}. `items` must be in ascending order of `name`. Where they
/// are not all there is, `on` is the cursor to go on from behind the last of them.
template <class Item, class Name, class Render>
net::Response list(std::string_view field, const std::vector<Item>& items, const Page& page,
                   Name name, Render render, const std::string* on = nullptr) {
  std::string body;
  JsonWriter json(body);
  json.begin_object().key(field).begin_array();
  std::size_t count = 0;
  std::string last;
  bool more = false;
  for (const Item& item : items) {
    std::string own = name(item);
    if (!page.cursor.empty() && own <= page.cursor) continue;
    more = count == page.limit;
    if (more) break;
    json.raw(render(item));
    last = std::move(own);
    ++count;
  }
  json.end_array().key("next_cursor");
  if (more) {
    json.string(last);
  } else if (on != nullptr) {
    json.string(*on);
  } else {
    json.null();
  }
  json.end_object();
  return json_reply(200, std::move(body));
}

}  // namespace feedwatch::api
