// What a restart remembers of who listed which position.

#include <charconv>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "feedwatch/base/saturate.hpp"
#include "feedwatch/protect/position_sources.hpp"

namespace feedwatch {
namespace {

constexpr std::string_view version = "position-sources 2\n";

/// Front to back over our own record; the first thing that is not as written stops it for good.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool done() const { return !ok_ || rest_.empty(); }
  bool ok() const { return ok_; }

  bool take(std::string_view token) {
    if (!ok_ || !rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }
  void expect(std::string_view token) { ok_ = take(token); }

  std::int64_t number() {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    ok_ = ok_ && error == std::errc{};
    if (!ok_) return 0;
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    expect(" ");
    return value;
  }

  std::string text() {
    const std::int64_t length = number();
    ok_ = ok_ && length >= 0 && static_cast<std::size_t>(length) <= rest_.size();
    if (!ok_) return {};
    std::string value(rest_.substr(0, static_cast<std::size_t>(length)));
    rest_.remove_prefix(value.size());
    return value;
  }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

void write_text(std::string& out, std::string_view text) {
  fmt::format_to(std::back_inserter(out), "{} {}", text.size(), text);
}

}  // namespace

std::string PositionSources::encode(const WallAnchor& anchor) const {
  std::string out(version);
  for (const auto& [name, source] : sources_) {
    out += "s ";
    write_text(out, name);
    out += '\n';
    for (const auto& [key, listing] : source.listings) {
      fmt::format_to(std::back_inserter(out), "p {} {} ", to_ns(anchor.at(listing.listed)),
                     listing.absent_since ? to_ns(anchor.at(*listing.absent_since)) : -1);
      write_text(out, key.venue);
      write_text(out, key.symbol);
      write_text(out, key.id);
      out += '\n';
    }
  }
  return out;
}

void PositionSources::restore(std::string_view bytes, const WallAnchor& anchor,
                              const std::function<bool(const PositionKey&)>& is_open) {
  Reader reader(bytes);
  reader.expect(version);
  const auto moment = [&](std::int64_t ns) {
    return plus(anchor.mono, minus(wall_from_ns(ns), anchor.wall));
  };
  Sources sources;
  while (!reader.done()) {
    reader.expect("s ");
    Source& source = sources[reader.text()];
    reader.expect("\n");
    while (reader.take("p ")) {
      const MonoTime listed = moment(reader.number());
      const std::int64_t absent = reader.number();
      std::string venue = reader.text();
      std::string symbol = reader.text();
      PositionKey key{std::move(venue), std::move(symbol), reader.text()};
      reader.expect("\n");
      if (!reader.ok() || !is_open(key)) continue;
      Listing& listing = source.listings[std::move(key)];
      listing.listed = listed;
      if (absent >= 0) listing.absent_since = moment(absent);
    }
  }
  if (!reader.ok() || sources.size() > max_sources) return;
  sources_ = std::move(sources);
  for (const auto& [name, source] : sources_) {
    for (const auto& [key, listing] : source.listings) {
      if (!listing.absent_since) continue;
      unsettled_.insert(key);
      due_.emplace(plus(*listing.absent_since, options_.unlisted_after), key);
    }
  }
}

}  // namespace feedwatch
