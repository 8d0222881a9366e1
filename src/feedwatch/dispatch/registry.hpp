#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/dispatch/shared.hpp"

namespace feedwatch::dispatch {

/// Which consumer a name is, and the patterns consumers watch. A name begins to stand for a set of
/// options and callbacks with its first subscription and ceases to with its last; its queue stays
/// as long as anybody holds it, so that whoever runs it need not know of either. Owner's thread.
class Registry {
 public:
  explicit Registry(Shared& shared) : shared_(shared) {}

  /// The consumer of that name, begun if there is none; nothing if it has other options, or when
  /// 65,536 consumers are known.
  std::optional<std::uint16_t> consumer(const ConsumerOptions& options, Callbacks&& callbacks);
  std::shared_ptr<ConsumerQueue> queue(std::string_view name) const;
  /// No call runs or starts any more.
  void close_queues();

  /// A subscription or a pattern of the consumer has ended.
  void end_one(std::uint16_t consumer);
  /// A subscription is forgotten.
  void forget_one(std::uint16_t consumer);

  struct Pattern {
    std::uint64_t id;
    std::uint16_t consumer;
    std::string text;
  };
  const std::vector<Pattern>& patterns() const { return patterns_; }
  const Pattern& add_pattern(std::uint16_t consumer, std::string text);
  /// The pattern, no longer known; nothing if there was none.
  std::optional<Pattern> remove_pattern(std::uint64_t id);
  bool any_pattern_matches(std::uint16_t consumer, std::string_view text) const;

 private:
  std::optional<std::uint16_t> place();
  void forget_if_over(std::uint16_t consumer);

  Shared& shared_;
  std::map<std::string, std::uint16_t, std::less<>> names_;
  std::map<std::string, std::shared_ptr<ConsumerQueue>, std::less<>> queues_;
  std::vector<std::uint16_t> free_;
  std::vector<Pattern> patterns_;
  std::uint64_t last_pattern_ = 0;
};

}  // namespace feedwatch::dispatch
