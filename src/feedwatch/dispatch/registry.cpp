#include "feedwatch/dispatch/registry.hpp"

#include <algorithm>
#include <utility>

namespace feedwatch::dispatch {

std::optional<std::uint16_t> Registry::consumer(const ConsumerOptions& wanted,
                                                Callbacks&& callbacks) {
  ConsumerOptions options = wanted;
  options.max_age = std::max(options.max_age, Duration::zero());
  options.min_interval = std::max(options.min_interval, Duration::zero());
  if (const auto known = names_.find(options.name); known != names_.end()) {
    const bool same = shared_.consumers[known->second].options == options;
    return same ? std::optional{known->second} : std::nullopt;
  }
  const auto index = place();
  if (!index) return std::nullopt;
  Consumer& consumer = shared_.consumers[*index];
  consumer.number = *index;
  consumer.notices_failed.store(0, std::memory_order_relaxed);
  consumer.overruns = 0;
  consumer.read = {options.max_age, options.basis, options.accept_confirmed};
  if (options.delivery == DeliveryMode::queued) {
    std::erase_if(queues_, [this](const auto& queue) {  // of names that are over
      return queue.second.use_count() == 1 && !names_.contains(queue.first);
    });
    auto& queue = queues_[options.name];
    if (queue == nullptr) queue = std::make_shared<ConsumerQueue>(shared_);
    consumer.queue = queue;
  }
  names_.emplace(options.name, *index);
  consumer.options = std::move(options);
  consumer.callbacks = std::move(callbacks);
  return index;
}

std::shared_ptr<ConsumerQueue> Registry::queue(std::string_view name) const {
  const auto found = queues_.find(name);
  return found == queues_.end() ? nullptr : found->second;
}

void Registry::close_queues() {
  for (const auto& [name, queue] : queues_) queue->close();
}

void Registry::end_one(std::uint16_t index) {
  Consumer& consumer = shared_.consumers[index];
  if (--consumer.open > 0) return;
  names_.erase(consumer.options.name);
  forget_if_over(index);
}

void Registry::forget_one(std::uint16_t index) {
  --shared_.consumers[index].records;
  forget_if_over(index);
}

const Registry::Pattern& Registry::add_pattern(std::uint16_t consumer, std::string text) {
  const auto same = [&](const Pattern& known) {
    return known.consumer == consumer && known.text == text;
  };
  if (const auto found = std::ranges::find_if(patterns_, same); found != patterns_.end()) {
    return *found;
  }
  ++shared_.consumers[consumer].open;
  patterns_.push_back({++last_pattern_, consumer, std::move(text)});
  return patterns_.back();
}

std::optional<Registry::Pattern> Registry::remove_pattern(std::uint64_t id) {
  const auto found = std::ranges::find(patterns_, id, &Pattern::id);
  if (found == patterns_.end()) return std::nullopt;
  Pattern pattern = std::move(*found);
  patterns_.erase(found);
  return pattern;
}

bool Registry::any_pattern_matches(std::uint16_t consumer, std::string_view text) const {
  return std::ranges::any_of(patterns_, [&](const Pattern& pattern) {
    return pattern.consumer == consumer && glob_match(pattern.text, text);
  });
}

std::optional<std::uint16_t> Registry::place() {
  if (free_.empty()) {
    const auto grown = shared_.consumers.grow();
    if (!grown) return std::nullopt;
    return static_cast<std::uint16_t>(*grown);
  }
  const std::uint16_t index = free_.back();
  free_.pop_back();
  return index;
}

void Registry::forget_if_over(std::uint16_t index) {
  Consumer& consumer = shared_.consumers[index];
  if (consumer.open > 0 || consumer.records > 0) return;
  // What the callbacks hold may, as it is destroyed, subscribe or unsubscribe others.
  const Callbacks gone = std::exchange(consumer.callbacks, {});
  const auto queue = std::exchange(consumer.queue, nullptr);
  const std::string name = std::exchange(consumer.options, {}).name;
  consumer.ended_in_queue = 0;
  free_.push_back(index);
  constexpr long ours = 2;
  if (queue != nullptr && !names_.contains(name) && queue.use_count() == ours) {
    queues_.erase(name);
  }
}

}  // namespace feedwatch::dispatch
