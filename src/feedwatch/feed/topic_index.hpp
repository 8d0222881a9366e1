#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "feedwatch/feed/port.hpp"

namespace feedwatch::feed {

/// From a topic's id to what a map keeps of it: open addressing, at most half full. For the hot
/// path beside an ordered map whose nodes stay where they are; made anew when the map has changed.
template <class Value>
class TopicIndex {
 public:
  bool fresh() const { return fresh_; }
  /// The map has got or lost a topic.
  void outdate() { fresh_ = false; }

  template <class Map>
  void make(Map& map) {
    places_.assign(std::bit_ceil(map.size() * 2 + 1), {});
    for (auto& [topic, value] : map) {
      std::size_t at = first(topic);
      while (places_[at].value != nullptr) at = next(at);
      places_[at] = {topic, &value};
    }
    fresh_ = true;
  }

  /// nullptr when it is not there. Precondition: fresh().
  Value* find(TopicId topic) const {
    for (std::size_t at = first(topic);; at = next(at)) {
      const Place& place = places_[at];
      if (place.value == nullptr || place.topic == topic) return place.value;
    }
  }

 private:
  struct Place {
    TopicId topic;
    Value* value = nullptr;
  };

  /// Ids are dense: most have the place they want.
  std::size_t first(TopicId topic) const { return topic.index() & (places_.size() - 1); }
  std::size_t next(std::size_t at) const { return (at + 1) & (places_.size() - 1); }

  std::vector<Place> places_;
  bool fresh_ = false;
};

}  // namespace feedwatch::feed
