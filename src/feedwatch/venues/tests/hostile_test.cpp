#include <gtest/gtest.h>

#include "feedwatch/base/random.hpp"
#include "feedwatch/base/tests/test_data.hpp"
#include "feedwatch/base/utf8.hpp"
#include "feedwatch/venues/tests/support.hpp"

/// Any bytes are safe. What these tests look for, the sanitizers find; what they state besides is
/// that nothing half-read gets out.
namespace feedwatch::venues {
namespace {

/// A decoded tick must be sound whatever the bytes were.
void check_sound(const std::expected<MessageType, DecodeError>& type, const Decoded& out) {
  if (!type) {
    EXPECT_TRUE(out.ticks.empty());
    EXPECT_TRUE(out.beats.empty());
    return;
  }
  EXPECT_EQ(*type == MessageType::ack, out.ack.has_value());
  EXPECT_EQ(*type == MessageType::status, out.status.has_value());
  for (const Beat& beat : out.beats) {
    EXPECT_EQ(*type, MessageType::data);
    EXPECT_TRUE(is_utf8(beat.symbol));
  }
  for (const WireTick& tick : out.ticks) {
    EXPECT_EQ(*type, MessageType::data);
    EXPECT_FALSE(tick.symbol.empty());
    EXPECT_TRUE(is_utf8(tick.symbol));
    EXPECT_EQ(tick.fields.price, !tick.price_text.empty());
    EXPECT_EQ(tick.fields.ask, !tick.ask_text.empty());
    if (tick.fields.price) {
      EXPECT_EQ(tick.prices.price, test::decimal(tick.price_text));
    }
    if (tick.ts_event) {
      EXPECT_GT(to_ns(*tick.ts_event), 0);
    }
  }
}

/// All venues over one text, with decoders that have a past.
class Everyone {
 public:
  Everyone() {
    for (const std::string_view name : venue_names()) {
      decoders_.push_back(find_venue(name)->make_decoder());
    }
  }
  void decode(std::string_view text) {
    const test::OwnedFrame owned(text);
    for (const auto& decoder : decoders_) {
      const auto type = decoder->decode(owned.frame(), out_);
      check_sound(type, out_);
      accepted_ += type.has_value() ? 1U : 0U;
    }
    for (const std::string_view name : venue_names()) find_venue_side(name)->parse_client(text);
  }
  std::size_t accepted() const { return accepted_; }

 private:
  std::vector<std::unique_ptr<Decoder>> decoders_;
  Decoded out_;
  std::size_t accepted_ = 0;
};

const std::vector<std::string> seeds{
    R"({"stream":"btcusdt@markPrice@1s","data":{"e":"markPriceUpdate","E":1680652701000,)"
    R"("s":"BTCUSDT","p":"28147.27373413","i":"28159.7","r":"0.1","T":1680652800000}})",
    R"({"e":"bookTicker","u":600859984343,"s":"S\u00dcSHI","b":"7.6160","a":7.6180e0,"E":1})",
    R"({"u":400900217,"s":"BNBUSDT","b":"25.35190000","B":"31.2","a":"25.36520000","A":"4"})",
    R"({"e":"aggTrade","E":1626992747395,"a":16599297,"s":"CTKUSDT","p":"1.01000","T":1})",
    R"({"stream":"btcusdt@avgPrice","data":{"e":"avgPrice","E":1,"s":"B\u00fcD","w":"1"}})",
    R"({"error":{"code":2,"msg":"Invalid request: \"x\""},"id":18})",
    R"({"result":null,"id":1})",
    R"({"topic":"tickers.SOLUSDT","type":"delta","data":{"symbol":"SOLUSDT",)"
    R"("indexPrice":"77.341","lastPrice":77.2},"cs":272903625919,"ts":1786310819679})",
    R"({"topic":"orderbook.1.KCSUSDT","ts":1749833488160,"type":"snapshot","data":{)"
    R"("s":"KCSUSDT","b":[["11.248","1"]],"a":[["11.256","1"]],"u":462756},"cts":1})",
    R"({"topic":"system.status","ts":1,"data":[{"title":"t\u0030","state":"ongoing","env":1,)"
    R"("serviceTypes":[1,5],"product":[1,2]}]})",
    R"({"success":true,"ret_msg":"subscribe","conn_id":"x","req_id":"7","op":"subscribe"})",
    R"({"success":true,"ret_msg":"pong","conn_id":"x","op":"ping"})",
    R"({"arg":{"channel":"tickers","instId":"BTC-USDT"},"data":[{"instId":"BTC-USDT",)"
    R"("last":"30218.8","bidPx":"","ts":"1646003643149"}]})",
    R"({"arg":{"channel":"bbo-tbt","instId":"BTC-USDT"},"data":[{"asks":[["8446","95","0","3"]],)"
    R"("bids":[["8445","10","0","2"]],"ts":"1597026383085","seqId":123456}]})",
    R"({"arg":{"channel":"status"},"data":[{"serviceType":"0","state":"ongoing","title":"\u0041",)"
    R"("env":"1"}]})",
    R"({"id":"7","event":"subscribe","arg":{"channel":"tickers","instId":"BTC-USDT"}})",
    R"({"event":"error","code":"60018","msg":"channel:tickers,instId:X doesn't exist"})",
    R"({"channel":"ticker","type":"update","data":[{"symbol":"A\/B","bid":0.10025,"ask":1e-2,)"
    R"("timestamp":"2023-09-25T09:04:31.742599Z"}]})",
    R"({"channel":"trade","type":"snapshot","data":[{"symbol":"A\/B","price":1,"trade_id":7},)"
    R"({"symbol":"A\/B","price":2,"trade_id":8},{"symbol":"\u0041","price":3,"trade_id":9}]})",
    R"({"channel":"status","type":"update","data":[{"system":"online","api_version":"v2"}]})",
    R"({"method":"subscribe","result":{"channel":"ticker","symbol":"A\/B"},"success":true,)"
    R"("req_id":1})",
    R"({"type":"ticker","product_id":"SKL-\u0047BP","price":"0.5762","best_bid":"0.5742",)"
    R"("best_ask":"0.5771","time":"2021-04-17T16:43:37.270697Z","trade_id":82008})",
    R"({"type":"heartbeat","last_trade_id":20,"product_id":"BTC-USD"})",
    R"({"type":"subscriptions","channels":[{"name":"ticker","product_ids":["\u0041","B"]}]})",
    R"({"type":"error","message":"Failed to subscribe","reason":"\u0058 is not valid"})",
    R"({"channel":"ticker","timestamp":"2026-08-09T21:06:04.548565984Z","events":[{"tickers":[)"
    R"({"product_id":"\u0041","price":"1919.5","best_bid":"1","best_ask":"2"},)"
    R"({"product_id":"\u0042","price":"1919.5"}]}]})",
    R"({"channel":"heartbeats","events":[{"heartbeat_counter":"41691"}]})",
    R"({"channel":"subscriptions","events":[{"subscriptions":{"ticker":["\u0041"]}}]})",
    R"({"error":"Currency pair not supported","method":"subscribe","success":false,"symbol":"X"})",
};

TEST(Hostile, JsonTestSuite) {
  const auto folder = testing::test_data_path("hostile/jsontestsuite");
  FEEDWATCH_NEEDS_DATA(folder);
  Everyone everyone;
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".json") continue;
    ++files;
    const std::string text = testing::read_file(entry.path());
    everyone.decode(text);
    EXPECT_EQ(everyone.accepted(), 0U) << entry.path();
    // The same bytes where a decoder skips them, and where it reads them.
    everyone.decode(R"({"topic":"tickers.X","extra":)" + text + "}");
    everyone.decode(R"({"topic":"system.status","data":[{"product":)" + text + "}]}");
    everyone.decode(R"({"topic":"system.status","data":)" + text + "}");
    everyone.decode(R"({"stream":"x@bookTicker","data":)" + text + "}");
    everyone.decode(R"({"topic":"orderbook.1.X","data":{"s":"X","b":)" + text + R"(,"a":[]}})");
    everyone.decode(R"({"e":"bookTicker","s":"X","a":"1","b":)" + text + "}");
    everyone.decode(R"({"arg":{"channel":"bbo-tbt","instId":"X"},"data":[{"asks":)" + text + "}]}");
    everyone.decode(R"({"channel":"ticker","data":[{"symbol":"X","ask":1,"bid":)" + text + "}]}");
    everyone.decode(R"({"channel":"trade","data":)" + text + "}");
    everyone.decode(R"({"type":"subscriptions","channels":)" + text + "}");
    everyone.decode(R"({"type":"ticker","product_id":"X","price":)" + text + "}");
    everyone.decode(R"({"channel":"ticker","events":[{"tickers":)" + text + "}]}");
    everyone.decode(R"({"channel":"subscriptions","events":[{"subscriptions":)" + text + "}]}");
    everyone.decode(R"({"arg":{"channel":"tickers","instId":"X"},"data":)" + text + "}");
    ASSERT_FALSE(HasFailure()) << entry.path();
    everyone = Everyone();
  }
  EXPECT_EQ(files, 318U);
}

TEST(Hostile, NestingBeyondReason) {
  Everyone everyone;
  for (const std::string_view open : {"[", R"({"data":)", R"({"a":[)"}) {
    std::string deep;
    for (int i = 0; i < 100'000; ++i) deep += open;
    everyone.decode(deep);
    everyone.decode(R"({"topic":"orderbook.1.X","data":{"s":"X","b":)" + deep);
    everyone.decode(R"({"topic":"tickers.X","data":)" + deep + "}}}");
    everyone.decode(R"({"arg":{"channel":"bbo-tbt","instId":"X"},"data":[{"asks":)" + deep);
  }
  EXPECT_EQ(everyone.accepted(), 0U);
}

TEST(Hostile, EveryPrefixOfAMessageIsAnError) {
  Everyone everyone;
  for (const std::string& seed : seeds) {
    for (std::size_t length = 0; length < seed.size(); ++length) {
      everyone.decode(std::string_view(seed).substr(0, length));
      ASSERT_EQ(everyone.accepted(), 0U) << seed.substr(0, length);
    }
  }
}

TEST(Hostile, AnythingAfterAMessageIsAnError) {
  for (const std::string& seed : seeds) {
    for (const std::string_view junk : {"}", "]", ",", "0", "\"\"", "{}", "null", "x", "\x01"}) {
      Everyone everyone;
      everyone.decode(seed + std::string(junk));
      EXPECT_EQ(everyone.accepted(), 0U) << seed << junk;
    }
    Everyone everyone;
    everyone.decode(" \r\n" + seed + "\t ");
    EXPECT_GE(everyone.accepted(), 1U) << seed;
  }
}

std::string mutate(Random& random, std::string text) {
  constexpr std::string_view alphabet =
      "{}[]\",:\\0123456789eE+-.utfnalse \t\n\x00\x7f\x80\xff\xc3\xa9";
  for (std::uint64_t edits = 1 + random.below(4); edits > 0 && !text.empty(); --edits) {
    const std::size_t at = random.below(text.size());
    const char other = alphabet[random.below(alphabet.size())];
    switch (random.below(6)) {
      case 0:
        text[at] = other;
        break;
      case 1:
        text.insert(at, 1, other);
        break;
      case 2:
        text.erase(at, 1 + random.below(8));
        break;
      case 3:
        text.insert(at, text.substr(random.below(text.size()), random.below(40)));
        break;
      case 4:
        text[at] = static_cast<char>(random.below(256));
        break;
      default:
        text += seeds[random.below(seeds.size())].substr(random.below(20));
        break;
    }
  }
  return text;
}

TEST(Hostile, SeededMutations) {
  Random random(0xfeed);
  Everyone everyone;
  for (int i = 0; i < 30'000; ++i) {
    const std::string text = mutate(random, seeds[random.below(seeds.size())]);
    everyone.decode(text);
    ASSERT_FALSE(HasFailure()) << "mutation " << i << ": " << text;
  }
  EXPECT_GT(everyone.accepted(), 1000U) << "mutations too coarse to reach past the parser";
}

TEST(Hostile, SeededNoise) {
  Random random(0xbad);
  Everyone everyone;
  for (int i = 0; i < 5'000; ++i) {
    std::string text(random.below(300), '\0');
    for (char& c : text) c = static_cast<char>(random.below(256));
    everyone.decode(text);
    ASSERT_FALSE(HasFailure()) << "noise " << i;
  }
}

}  // namespace
}  // namespace feedwatch::venues
