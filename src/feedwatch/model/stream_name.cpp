#include "feedwatch/model/stream_name.hpp"

#include <string>

namespace feedwatch {

std::string_view StreamName::venue() const {
  const std::size_t first = text_.find('/');
  return first == text_.rfind('/') ? std::string_view{} : text_.substr(0, first);
}

std::string_view StreamName::symbol() const {
  const std::size_t first = text_.find('/');
  const std::size_t last = text_.rfind('/');
  return first == last ? std::string_view{} : text_.substr(first + 1, last - first - 1);
}

Kind StreamName::kind() const {
  return kind_from_text(text_.substr(text_.rfind('/') + 1)).value_or(Kind::last);
}

StreamKey StreamName::key() const {
  return {std::string(venue()), std::string(symbol()), kind()};
}

}  // namespace feedwatch
