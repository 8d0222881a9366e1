#include "feedwatch/feed/topic_index.hpp"

#include <gtest/gtest.h>

#include <map>

#include "feedwatch/base/random.hpp"

namespace feedwatch::feed {
namespace {

TEST(TopicIndex, AnswersWhatTheMapAnswers) {
  Random random(3);
  std::map<TopicId, int> map;
  TopicIndex<int> index;
  for (int round = 0; round < 300; ++round) {
    const TopicId topic{static_cast<std::uint32_t>(random.below(64) * 17)};
    if (random.below(3) == 0) {
      map.erase(topic);
    } else {
      map[topic] = round;
    }
    index.outdate();
    ASSERT_FALSE(index.fresh());
    index.make(map);
    ASSERT_TRUE(index.fresh());
    for (std::uint32_t id = 0; id < 64 * 17; ++id) {
      const auto found = map.find(TopicId{id});
      const int* value = index.find(TopicId{id});
      ASSERT_EQ(value != nullptr, found != map.end()) << id;
      if (value != nullptr) {
        ASSERT_EQ(value, &found->second) << id;
      }
    }
  }
}

}  // namespace
}  // namespace feedwatch::feed
