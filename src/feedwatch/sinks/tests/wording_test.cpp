#include "feedwatch/sinks/wording.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/sinks/tests/fakes.hpp"

namespace feedwatch::sinks {
namespace {

TEST(Wording, Lines) {
  EXPECT_THAT(lines_of(message_of({btc()})), testing::ElementsAre(summary_of(btc())));
  Notification message = message_of({btc(), ended(btc())});
  message.resolved += 3;
  EXPECT_THAT(lines_of(message),
              testing::ElementsAre("[FIRING 1, RESOLVED 4] venue=binance-usdm", summary_of(btc()),
                                   summary_of(ended(btc())), "… and 3 more"));
}

TEST(Wording, LabelsOfOursCannotBeForged) {
  Notice notice = btc();
  notice.labels = {{"alertname", "x"}, {"severity", "y"}, {"venue", "v"}};
  EXPECT_EQ(all_labels(notice, {}),
            (Labels{{"alertname", "price_staleness"}, {"severity", "critical"}, {"venue", "v"}}));
}

TEST(Wording, CutsBetweenCharacters) {
  const std::string text = "a\xF0\x9F\x98\x80\xC3\xA9z";  // a, a face of two units, é, z
  EXPECT_EQ(cut_utf16(text, 5), text);
  EXPECT_EQ(cut_utf16(text, 4), "a\xF0\x9F\x98\x80\xE2\x80\xA6");
  EXPECT_EQ(cut_utf16(text, 3), "a\xE2\x80\xA6");
  EXPECT_EQ(cut_utf16(text, 1), "\xE2\x80\xA6");
  EXPECT_EQ(cut_utf16(text, 0), "");
  EXPECT_EQ(cut_points(text, 4), text);
  EXPECT_EQ(cut_points(text, 3), "a\xF0\x9F\x98\x80\xE2\x80\xA6");
  EXPECT_EQ(cut_bytes(text, 8), text);
  EXPECT_EQ(cut_bytes(text, 7), "a\xF0\x9F\x98\x80\xC3\xA9");
  EXPECT_EQ(cut_bytes(text, 4), "a");
  EXPECT_EQ(cut_bytes(text, 0), "");
  EXPECT_EQ(cut_bytes("\xFF\xFF\xFF", 2), "\xFF\xFF");
}

TEST(Wording, AddressOfAnAlert) {
  Notice notice = btc();
  notice.alert_id = "a/b \xC3\xA9";
  EXPECT_EQ(alert_url(notice, {"", "http://m/"}), "http://m/v1/alerts/a%2Fb%20%C3%A9");
  EXPECT_EQ(alert_url(notice, {}), "");
}

TEST(Wording, ALineStaysALine) {
  EXPECT_EQ(one_line("a\r\nb\xE2\x80\xA8\x1b\xFF"), "a  b  \xEF\xBF\xBD");
}

}  // namespace
}  // namespace feedwatch::sinks
