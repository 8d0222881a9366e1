#include <map>
#include <memory>
#include <utility>

#include "feedwatch/base/saturate.hpp"
#include "feedwatch/capture/reader.hpp"
#include "feedwatch/exchange/replay.hpp"

namespace feedwatch::exchange {
namespace {

/// A recording without times plays at ten frames a second.
constexpr Duration untimed_gap = 100ms;

/// Path and query of a URL.
std::string_view target_of(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return url;
  const auto path = url.find('/', scheme + 3);
  return path == std::string_view::npos ? std::string_view{"/"} : url.substr(path);
}

/// Hands out the received text frames of those connections whose address this venue serves. A
/// recording that does not name its connections is taken for this venue's.
class CaptureFeed {
 public:
  CaptureFeed(std::shared_ptr<capture::Reader> reader, const venues::VenueSide& side)
      : reader_(std::move(reader)), side_(&side) {}

  Result<std::optional<ReplayRecord>> operator()() {
    for (;;) {
      auto record = reader_->next();
      if (!record) return std::unexpected(std::move(record.error()));
      if (!*record) return std::nullopt;
      note_address(**record);
      if (!is_ours(**record)) continue;
      newest_ = (*record)->ts.value_or(plus(newest_, untimed_gap));
      return ReplayRecord{
          .at = newest_, .text = std::string{(*record)->text}, .timed = (*record)->ts.has_value()};
    }
  }

 private:
  void note_address(const capture::Record& record) {
    if (record.direction != capture::Direction::connected || record.address.empty()) return;
    std::vector<venues::Topic> topics;
    const bool ours = side_->route_of(target_of(record.address), topics).has_value();
    connections_.insert_or_assign(std::string{record.connection}, ours);
  }
  bool is_ours(const capture::Record& record) const {
    if (record.direction != capture::Direction::received || record.binary) return false;
    const auto at = connections_.find(record.connection);
    return at == connections_.end() || at->second;
  }

  std::shared_ptr<capture::Reader> reader_;  // shared: std::function wants copies
  const venues::VenueSide* side_;
  std::map<std::string, bool, std::less<>> connections_;
  WallTime newest_{};
};

}  // namespace

OpenReplay open_capture(const std::string& path, const venues::VenueSide& side) {
  return [path, &side]() -> Result<ReplayFeed> {
    auto reader = capture::Reader::open(path);
    if (!reader) return std::unexpected(std::move(reader.error()));
    return CaptureFeed{std::shared_ptr<capture::Reader>(std::move(*reader)), side};
  };
}

}  // namespace feedwatch::exchange
