#include "feedwatch/signals/message.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/base/time_text.hpp"

namespace feedwatch::signals {
namespace {

using testing::HasSubstr;

Message read(std::string_view text) {
  const Decoded decoded = decode(text);
  if (!decoded) throw std::runtime_error(decoded.error().why);
  return *decoded;
}

Unreadable failure(std::string_view text) {
  const Decoded decoded = decode(text);
  if (decoded) throw std::runtime_error("was read");
  return decoded.error();
}

std::optional<WallTime> time_of(const std::string& value) {
  return read(R"({"type":"signal","data":{"id":1,"timestamp":)" + value + "}}").signals.at(0).at;
}

TEST(SignalMessage, every_type_of_both_protocols_is_known) {
  EXPECT_EQ(read(R"({"type":"auth_required"})").type, MessageType::auth_required);
  EXPECT_EQ(read(R"({"type":"pong"})").type, MessageType::pong);
  EXPECT_EQ(read(R"({"type":"stats","stats":{}})").type, MessageType::stats);
  EXPECT_EQ(read(R"({"type":"heartbeat","ts":"2026-02-16T10:00:00Z"})").type,
            MessageType::heartbeat);
  const Message refused = read(R"({"type":"auth_failed","message":"Invalid token"})");
  EXPECT_EQ(refused.type, MessageType::auth_failed);
  EXPECT_EQ(refused.text, "Invalid token");
  EXPECT_EQ(read(R"({"type":"error","message":"slow down"})").text, "slow down");
}

TEST(SignalMessage, another_type_is_unknown_and_no_failure) {
  const Message message = read(R"({"type":"strategy_changed","to":"x"})");
  EXPECT_EQ(message.type, MessageType::unknown);
  EXPECT_EQ(message.text, "strategy_changed");
  EXPECT_EQ(read(R"({"type":"unknown"})").type, MessageType::unknown);
  EXPECT_EQ(read(R"({"type":"unreadable"})").type, MessageType::unknown);
}

TEST(SignalMessage, heartbeats_are_announced_by_what_only_the_newer_protocol_says) {
  EXPECT_FALSE(read(R"({"type":"auth_success","query_interval":1,"signal_window":60})")
                   .announces_heartbeats);
  EXPECT_TRUE(read(R"({"type":"auth_success","strategy":"x"})").announces_heartbeats);
  EXPECT_TRUE(read(R"({"type":"heartbeat"})").announces_heartbeats);
  EXPECT_TRUE(read(R"({"type":"signals_snapshot","data":[]})").announces_heartbeats);
}

TEST(SignalMessage, a_signal_is_found_in_its_three_places) {
  for (const char* text : {R"({"type":"signal","data":{"id":7,"symbol":"BTCUSDT"}})",
                           R"({"type":"signal","signal":{"id":7,"symbol":"BTCUSDT"}})",
                           R"({"type":"signal","id":7,"symbol":"BTCUSDT"})"}) {
    const Message message = read(text);
    ASSERT_EQ(message.signals.size(), 1U) << text;
    EXPECT_EQ(message.signals[0].symbol, "BTCUSDT");
    EXPECT_TRUE(message.signals[0].named);
  }
  EXPECT_THAT(failure(R"({"type":"signal"})").why, HasSubstr("no signal"));
  EXPECT_THAT(failure(R"({"type":"signal","data":[1]})").why, HasSubstr("no object"));
  EXPECT_EQ(failure(R"({"type":"signal","data":3})").type, MessageType::signal);
}

TEST(SignalMessage, a_list_of_both_protocols) {
  const Message batch =
      read(R"({"type":"signals","count":2,"data":[{"id":1,"symbol":"A"},{"id":2,"symbol":"B"}]})");
  ASSERT_EQ(batch.signals.size(), 2U);
  EXPECT_NE(batch.signals[0].key, batch.signals[1].key);
  EXPECT_EQ(read(R"({"type":"signals_snapshot","signals":[]})").signals.size(), 0U);
  EXPECT_EQ(failure(R"({"type":"signals","count":2})").type, MessageType::signals);
  EXPECT_THAT(failure(R"({"type":"signals","data":[{"id":1},7]})").why, HasSubstr("no object"));
}

TEST(SignalMessage, key_is_the_same_only_for_the_same_signal) {
  const auto key = [](const std::string& signal) {
    return read(R"({"type":"signal","data":)" + signal + "}").signals.at(0).key;
  };
  EXPECT_EQ(key(R"({"id":1,"score":3})"), key(R"({"score":4, "id":1})")) << "its id names it";
  EXPECT_NE(key(R"({"id":1})"), key(R"({"id":2})"));
  EXPECT_NE(key(R"({"id":1,"timestamp":1760000000})"), key(R"({"id":1,"timestamp":1760000001})"));
  EXPECT_NE(key(R"({"symbol":"A","timestamp":1760000000})"),
            key(R"({"symbol":"B","timestamp":1760000000})"));
  EXPECT_EQ(key(R"({"symbol":"A", "score":1})"), key(R"({"symbol":"A","score":1})"));
  EXPECT_NE(key(R"({"symbol":"A","score":1})"), key(R"({"symbol":"A","score":2})"));
}

TEST(SignalMessage, times_in_their_usual_spellings) {
  const WallTime at = *parse_time("2026-02-16T10:00:00Z");
  EXPECT_EQ(time_of(R"("2026-02-16T10:00:00Z")"), at);
  EXPECT_EQ(time_of(R"("2026-02-16T14:00:00.000000+04:00")"), at);
  EXPECT_EQ(time_of("1771236000"), at);
  EXPECT_EQ(time_of("1771236000.0"), at);
  EXPECT_EQ(time_of("1771236000000"), at);
  EXPECT_EQ(time_of("1771236000000000"), at);
  EXPECT_EQ(time_of(R"("1771236000000")"), at);
  EXPECT_EQ(time_of("null"), std::nullopt);
}

TEST(SignalMessage, a_time_without_its_zone_is_none) {
  EXPECT_EQ(time_of(R"("2026-02-16T10:00:00")"), std::nullopt) << "it may be hours off";
  EXPECT_EQ(time_of(R"("2026-02-16 10:00:00.5")"), std::nullopt);
}

TEST(SignalMessage, a_time_nobody_can_read_is_a_failure_of_its_type) {
  for (const char* time : {R"("yesterday")", "{}", "true", "12", "-1771236000", "1e300", R"("")"}) {
    const Unreadable wrong =
        failure(std::string(R"({"type":"signal","data":{"id":1,"timestamp":)") + time + "}}");
    EXPECT_EQ(wrong.type, MessageType::signal) << time;
    EXPECT_THAT(wrong.why, HasSubstr("time")) << time;
  }
}

TEST(SignalMessage, garbage_is_unreadable) {
  const std::string deep(100'000, '[');
  for (const std::string& text :
       {std::string(), std::string("no json"), std::string("[]"), std::string("{\"type\":7}"),
        std::string("{}"), std::string("{\"type\":\"signal\""), std::string("\xff\xfe"), deep}) {
    EXPECT_EQ(failure(text).type, MessageType::unreadable) << text.substr(0, 40);
  }
}

TEST(SignalMessage, a_message_beyond_the_limit_is_refused_unread) {
  std::string text = R"({"type":"heartbeat","pad":")";
  text.append(max_message, 'x');
  text += "\"}";
  EXPECT_THAT(failure(text).why, HasSubstr("too large"));
}

TEST(SignalMessage, a_long_list_is_looked_at_up_to_its_bound) {
  std::string text = R"({"type":"signals_snapshot","data":[)";
  for (std::size_t i = 0; i < max_signals + 10; ++i) {
    if (i > 0) text += ',';
    text += R"({"id":)" + std::to_string(i) + "}";
  }
  text += "]}";
  EXPECT_EQ(read(text).signals.size(), max_signals);
}

TEST(SignalMessage, words_of_the_source_are_cut_between_characters) {
  const std::string longer(max_words - 1, 'x');
  EXPECT_EQ(read(R"({"type":"auth_failed","message":")" + longer + "ёё\"}").text, longer);
  const Message symbol =
      read(R"({"type":"signal","symbol":")" + std::string(500, 'A') + "\",\"id\":1}");
  EXPECT_LE(symbol.signals[0].symbol.size(), 64U);
}

TEST(SignalMessage, requests) {
  EXPECT_EQ(auth_request("se\"cret"), R"({"type":"auth","token":"se\"cret"})");
  EXPECT_EQ(signals_request(), R"({"type":"get_signals"})");
}

}  // namespace
}  // namespace feedwatch::signals
