#include "feedwatch/sim/generic_venue.hpp"

#include <gtest/gtest.h>

namespace feedwatch::sim {
namespace {

using venues::MessageType;
using venues::Topic;

GenericSheet sheet() {
  return {.name = "alpha",
          .channels = {{.kind = Kind::mark, .cadence = clocked(1s)},
                       {.kind = Kind::quote, .event_time = EventTime::none}},
          .max_topics_per_request = 2};
}

std::expected<MessageType, venues::DecodeError> decode(const GenericVenue& venue,
                                                       const std::string& text,
                                                       venues::Decoded& out) {
  return venue.make_decoder()->decode({FrameType::text, text}, out);
}

TEST(GenericVenue, WhatItEncodesItsClientDecodes) {
  const GenericVenue venue{sheet()};
  venues::MarketState state;
  state.symbol = "BTC USDT";  // a blank inside: the decoder unescapes it
  state.mark = *Decimal::parse("100.50");
  state.seq = 7;
  state.now = wall_from_ms(1'700'000'000'000);
  state.snapshot = false;
  const std::string text = venue.encode_data(0, state);
  const auto decoder = venue.make_decoder();
  venues::Decoded out;
  ASSERT_EQ(decoder->decode({FrameType::text, text}, out), MessageType::data);
  ASSERT_EQ(out.ticks.size(), 1U);
  const WireTick& tick = out.ticks[0];
  EXPECT_EQ(tick.symbol, "BTC USDT");
  EXPECT_EQ(tick.kind, Kind::mark);
  EXPECT_EQ(tick.price_text, "100.50");
  EXPECT_EQ(tick.seq, 7U);
  EXPECT_EQ(tick.ts_event, state.now);
  EXPECT_FALSE(tick.snapshot);
}

TEST(GenericVenue, ADeltaWithoutChangeCarriesNoPrice) {
  const GenericVenue venue{sheet()};
  venues::MarketState state;
  state.symbol = "BTCUSDT";
  state.snapshot = false;
  state.quote_changed = false;
  venues::Decoded out;
  ASSERT_EQ(decode(venue, venue.encode_data(1, state), out), MessageType::data);
  EXPECT_FALSE(out.ticks.at(0).fields.any());
  EXPECT_FALSE(out.ticks.at(0).ts_event);
}

TEST(GenericVenue, RequestsAreSplitAndUnderstood) {
  const GenericVenue venue{sheet()};
  const std::vector<Topic> topics{{0, "A"}, {0, "B:C"}, {1, "Ü/x"}};
  const auto requests = venue.subscribe(topics, 5);
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_EQ(requests[1].id, 6U);
  std::vector<Topic> understood;
  for (const auto& request : requests) {
    const auto message = venue.parse_client(request.text);
    EXPECT_EQ(message.op, venues::ClientOp::subscribe);
    EXPECT_TRUE(message.invalid.empty());
    understood.insert(understood.end(), message.topics.begin(), message.topics.end());
  }
  EXPECT_EQ(understood, topics);
}

TEST(GenericVenue, AnswersNameTheRequest) {
  const GenericVenue venue{sheet()};
  const auto message = venue.parse_client("sub 9 nochannel:X");
  EXPECT_EQ(message.invalid, std::vector<std::string>{"nochannel:X"});
  venues::Decoded out;
  ASSERT_EQ(decode(venue, venue.encode_refusal(message), out), MessageType::ack);
  EXPECT_FALSE(out.ack->ok);
  EXPECT_EQ(out.ack->request_id, 9U);
  EXPECT_EQ(out.ack->message, "Invalid topic: nochannel:X");
  ASSERT_EQ(decode(venue, venue.encode_ack(message).at(0), out), MessageType::ack);
  EXPECT_TRUE(out.ack->ok);
}

TEST(GenericVenue, HostileBytesAreErrors) {
  const GenericVenue venue{sheet()};
  venues::Decoded out;
  for (const char* text :
       {"", "tick", "tick mark X", "tick gold X delta", "nonsense", "tick mark X delta p=NaN",
        "tick mark X delta t=x", "tick mark X delta p="}) {
    EXPECT_FALSE(decode(venue, text, out)) << text;
  }
}

TEST(GenericVenue, InstrumentsRoundTrip) {
  const GenericVenue venue{sheet()};
  const std::vector<venues::Instrument> listed{{"A B", true}, {"C", false}};
  const auto parsed = venue.parse_instruments(venue.encode_instruments(listed));
  ASSERT_TRUE(parsed);
  ASSERT_EQ(parsed->size(), 2U);
  EXPECT_EQ(parsed->at(0).symbol, "A B");
  EXPECT_TRUE(parsed->at(0).trading);
  EXPECT_FALSE(parsed->at(1).trading);
}

}  // namespace
}  // namespace feedwatch::sim
