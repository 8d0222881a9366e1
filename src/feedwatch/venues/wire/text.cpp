#include "feedwatch/venues/wire/text.hpp"

#include <algorithm>
#include <array>

#include <algorithm>
#include <iterator>

#include "feedwatch/base/json_writer.hpp"

namespace feedwatch::venues::wire {

namespace {

std::optional<int> hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

}  // namespace

std::string ascii_lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  });
  return out;
}

std::string ascii_upper(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c;
  });
  return out;
}

std::string join_url(std::string_view base, std::string_view path) {
  while (base.ends_with('/')) base.remove_suffix(1);
  return std::string(base).append(path);
}

std::string member_path(std::string_view collection, std::string_view name,
                        std::string_view suffix) {
  return std::string(collection).append("/").append(percent_encode(name)).append(suffix);
}

std::optional<std::string> member_of(std::string_view path, std::string_view collection,
                                     std::string_view suffix) {
  if (path.size() <= collection.size() + 1 + suffix.size() || !path.starts_with(collection) ||
      path[collection.size()] != '/' || !path.ends_with(suffix)) {
    return std::nullopt;
  }
  path.remove_prefix(collection.size() + 1);
  path.remove_suffix(suffix.size());
  if (path.contains('/')) return std::nullopt;
  return percent_decode(path);
}

Target Target::split(std::string_view target) {
  const auto mark = target.find('?');
  if (mark == std::string_view::npos) return {target, {}, false};
  return {target.substr(0, mark), target.substr(mark + 1), true};
}

std::optional<std::string> Target::parameter(std::string_view name) const {
  std::string_view rest = query;
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    const auto equals = pair.find('=');
    if (pair.substr(0, equals) != name) continue;
    return equals == std::string_view::npos ? std::string{}
                                            : percent_decode(pair.substr(equals + 1));
  }
  return std::nullopt;
}

bool about_rate(std::string_view words) {
  constexpr std::array<std::string_view, 5> said{"msg rate", "rate limit", "too many requests",
                                                 "too frequent", "too many attempts"};
  const std::string lower = ascii_lower(words);
  return std::ranges::any_of(
      said, [&](std::string_view each) { return lower.find(each) != std::string::npos; });
}

std::optional<std::string> only_route(std::string_view target, std::string_view prefix,
                                      std::string_view route) {
  const std::string_view path = Target::split(target).path;
  if (!path.starts_with(prefix) || path.substr(prefix.size()) != route) return std::nullopt;
  return std::string(route);
}

bool on_route(const VenueSheet& sheet, std::string_view route, std::uint8_t channel) {
  return channel < sheet.channels.size() && sheet.channels[channel].route == route;
}

std::string percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto high = text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : std::nullopt;
    const auto low = high ? hex_digit(text[i + 2]) : std::nullopt;
    if (low) {
      out.push_back(static_cast<char>(*high * 16 + *low));
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (is_unreserved(c)) {
      out.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out.append({'%', digits[byte >> 4U], digits[byte & 15U]});
    }
  }
  return out;
}

std::vector<ClientRequest> split_requests(const VenueSheet& sheet, std::span<const Topic> topics,
                                          std::uint64_t first_id, const TopicText& topic_text,
                                          const RenderRequest& render) {
  const auto quoted = [&](const Topic& topic) { return json_quoted(topic_text(topic)); };
  return split_arguments(sheet, topics, first_id, quoted, render);
}

std::vector<ClientRequest> split_arguments(const VenueSheet& sheet, std::span<const Topic> topics,
                                           std::uint64_t first_id, const TopicText& argument_of,
                                           const RenderRequest& render) {
  std::vector<ClientRequest> requests;
  std::string arguments;
  std::vector<Topic> packed;
  const auto flush = [&] {
    if (packed.empty()) return;
    const std::uint64_t id = first_id + requests.size();
    requests.push_back({id, render(id, arguments), std::move(packed)});
    packed.clear();
    arguments.clear();
  };
  for (const Topic& topic : topics) {
    const std::string argument = argument_of(topic);
    const bool too_many = packed.size() >= sheet.max_topics_per_request;
    const bool too_long = arguments.size() + 1 + argument.size() > sheet.max_request_chars;
    if (too_many || too_long) flush();
    if (!arguments.empty()) arguments.push_back(',');
    arguments += argument;
    packed.push_back(topic);
  }
  flush();
  return requests;
}

std::vector<ClientRequest> split_by_channel(const VenueSheet& sheet, std::span<const Topic> topics,
                                            std::uint64_t first_id,
                                            const RenderChannelRequest& render) {
  const auto symbol_of = [](const Topic& topic) { return topic.symbol; };
  std::vector<ClientRequest> requests;
  std::vector<Topic> of_one;
  for (std::uint8_t channel = 0; channel < sheet.channels.size(); ++channel) {
    of_one.clear();
    std::ranges::copy_if(topics, std::back_inserter(of_one),
                         [&](const Topic& topic) { return topic.channel == channel; });
    const auto rendered = [&](std::uint64_t id, std::string_view symbols) {
      return render(id, channel, symbols);
    };
    auto more = split_requests(sheet, of_one, first_id + requests.size(), symbol_of, rendered);
    std::ranges::move(more, std::back_inserter(requests));
  }
  return requests;
}

std::optional<std::uint8_t> channel_named(const VenueSheet& sheet, std::string_view name) {
  for (std::size_t i = 0; i < sheet.channels.size(); ++i) {
    if (sheet.channels[i].name == name) return static_cast<std::uint8_t>(i);
  }
  return std::nullopt;
}

}  // namespace feedwatch::venues::wire
