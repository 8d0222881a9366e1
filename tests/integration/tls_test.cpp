// wss and https with a private certificate authority.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feedwatch/net/tests/certificates.hpp"
#include "world.hpp"

namespace feedwatch::integration {
namespace {

using net::testing::Certificates;

WorldOptions secured(const Certificates& certificates) {
  return {.exchange = {.venue = "binance-usdm",
                       .cert_file = certificates.cert(),
                       .key_file = certificates.key(),
                       .symbols = {"BTCUSDT", "ETHUSDT"}},
          .streams = {"BTCUSDT/mark", "*/index"},  // the pattern needs REST, over TLS too
          .ca_file = certificates.ca()};
}

TEST(Tls, APrivateAuthorityIsTrustedWhereItIsNamed) {
  const Certificates certificates("IP:127.0.0.1");
  World world(secured(certificates));
  world.start();
  EXPECT_TRUE(world.wait([&] { return world.level("BTCUSDT/mark") == Level::healthy; }))
      << world.story();
  EXPECT_TRUE(world.wait([&] { return world.level("ETHUSDT/index") == Level::healthy; }))
      << world.story();
}

void expect_refused(WorldOptions options, std::string_view why) {
  World world(std::move(options));
  world.start();
  const auto detail = [&] {
    const auto lines = world.lines();
    return lines.empty() ? std::string() : lines.front().status.detail;
  };
  EXPECT_TRUE(world.wait([&] { return detail().find(why) != std::string::npos; }, 10s))
      << "the line says: " << detail();
  EXPECT_EQ(world.counters().dials, 0U) << "the upgrade was asked for over an untrusted channel";
  EXPECT_FALSE(world.price("BTCUSDT/mark", {.max_age = 1h}));
}

TEST(Tls, ACertificateOfAnotherHostIsRefusedAndTheLineSaysSo) {
  const Certificates certificates("DNS:exchange.example");
  expect_refused(secured(certificates), "127.0.0.1");
}

TEST(Tls, AnUnknownAuthorityIsRefusedAndTheLineSaysSo) {
  const Certificates certificates("IP:127.0.0.1");
  WorldOptions options = secured(certificates);
  options.ca_file.clear();
  expect_refused(std::move(options), "not trusted");
}

}  // namespace
}  // namespace feedwatch::integration
