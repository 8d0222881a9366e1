#include "feedwatch/net/message_buffer.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace feedwatch::net {
namespace {

TEST(MessageBuffer, FinishedMessagesStayWhereTheyAre) {
  MessageBuffer buffer;
  std::vector<std::string_view> messages;
  for (int i = 0; i < 2'000; ++i) {
    buffer.append("message ");
    buffer.append(std::to_string(i));
    messages.push_back(buffer.finish());
  }
  for (int i = 0; i < 2'000; ++i) {
    const std::string_view message = messages[static_cast<std::size_t>(i)];
    ASSERT_EQ(message, "message " + std::to_string(i));
    for (std::size_t k = 0; k < frame_padding; ++k) ASSERT_EQ(*(message.end() + k), '\0');
  }
}

TEST(MessageBuffer, TheUnfinishedMessageSurvivesARecycling) {
  MessageBuffer buffer;
  buffer.append("done");
  buffer.finish();
  buffer.append("half of ");
  buffer.recycle();
  EXPECT_EQ(buffer.finished(), 0U);
  for (int i = 0; i < 10'000; ++i) {
    buffer.append("x");
    buffer.recycle();
  }
  EXPECT_EQ(buffer.finish(), "half of " + std::string(10'000, 'x'));
}

TEST(MessageBuffer, WhatALargeMessageTookIsGivenBack) {
  MessageBuffer buffer;
  buffer.append(std::string(8U << 20U, 'x'));
  buffer.finish();
  EXPECT_GE(buffer.capacity(), 8U << 20U);
  buffer.recycle();
  EXPECT_LE(buffer.capacity(), MessageBuffer::kept);
  // One that begins small and is large later keeps what it has grown to.
  buffer.append(std::string(3U << 20U, 'x'));
  const std::size_t before = buffer.capacity();
  buffer.recycle();
  EXPECT_EQ(buffer.capacity(), before);
}

TEST(MessageBuffer, TheSameReadsAgainTakeTheSameRoom) {
  MessageBuffer buffer;
  const auto read = [&] {
    for (int i = 0; i < 300; ++i) {
      buffer.append(std::string(1'000, 'x'));
      buffer.finish();
    }
    buffer.recycle();
  };
  for (int i = 0; i < 5; ++i) read();
  const std::size_t settled = buffer.capacity();
  const char* place = buffer.unfinished().data();
  for (int i = 0; i < 100; ++i) read();
  EXPECT_EQ(buffer.capacity(), settled);
  EXPECT_EQ(buffer.unfinished().data(), place);
}

}  // namespace
}  // namespace feedwatch::net
