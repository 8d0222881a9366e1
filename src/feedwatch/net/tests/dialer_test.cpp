#include "feedwatch/net/dialer.hpp"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <sys/socket.h>

#include "feedwatch/net/tests/net_fixture.hpp"

namespace feedwatch::net {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::NetTest;

/// Knows one list of addresses, whatever the name.
struct Listed final : Resolver {
  void resolve(const std::string&, std::weak_ptr<const void>, Done done) override {
    done(addresses, "");
  }
  std::vector<std::string> addresses;
};

/// An address whose port never answers: its queue of connections nobody accepts is full, and the
/// kernel drops what comes beyond.
class BlackHole {
 public:
  BlackHole(const std::string& address, std::uint16_t port)
      : at_(*make_endpoint(address, port)), listener_(std::move(*listen_on(at_))) {
    ::listen(listener_.get(), 0);
    for (int i = 0; i < 4; ++i) fillers_.push_back(std::move(*start_connect(at_)));
  }

 private:
  Endpoint at_;
  Fd listener_;
  std::vector<Fd> fillers_;
};

class DialerTest : public NetTest {
 protected:
  void dial(std::vector<std::string> addresses, Duration next_address_after) {
    names.addresses = std::move(addresses);
    const Url url{.scheme = "ws", .host = "venue.example", .port = server->local_port()};
    dialer = std::make_unique<Dialer>(
        reactor, names, tls,
        DialGoal{.url = url, .ca_file = "", .next_address_after = next_address_after},
        [this](DialPhase phase) { phases.push_back(phase); },
        [this](auto channel) { result = std::move(channel); });
    dialer->start();
  }

  bool done(Duration limit = 20s) {
    return until([&] { return result.has_value(); }, limit);
  }
  /// The other end of what was dialled.
  std::string peer() const {
    Endpoint endpoint;
    endpoint.size = sizeof endpoint.storage;
    ::getpeername((**result)->fd(), reinterpret_cast<sockaddr*>(&endpoint.storage), &endpoint.size);
    return endpoint_text(endpoint);
  }
  std::string good() const { return fmt::format("127.0.0.1:{}", server->local_port()); }

  std::unique_ptr<HttpServer> server = serve({});
  std::uint16_t port = server->local_port();
  Listed names;
  TlsContexts tls;
  std::unique_ptr<Dialer> dialer;
  std::vector<DialPhase> phases;
  std::optional<std::expected<std::unique_ptr<Channel>, std::string>> result;
};

TEST_F(DialerTest, SilentAddressesCostAQuarterOfASecondEach) {
  const BlackHole two("127.0.0.2", port), three("127.0.0.3", port);
  const MonoTime began = clock.now();
  dial({"127.0.0.2", "127.0.0.3", "127.0.0.1"}, DialGoal{}.next_address_after);
  ASSERT_TRUE(done());
  ASSERT_TRUE(*result) << result->error();
  EXPECT_EQ(peer(), good());
  EXPECT_GE(clock.now() - began, 500ms);
  EXPECT_LT(clock.now() - began, 2s);  // what a pathfinder has before the next one replaces it
  EXPECT_THAT(phases, ElementsAre(DialPhase::resolving, DialPhase::connecting));
}

TEST_F(DialerTest, ARefusingAddressYieldsAtOnce) {
  dial({"127.0.0.2", "127.0.0.3", "127.0.0.1"}, 1h);
  ASSERT_TRUE(done());
  ASSERT_TRUE(*result) << result->error();
  EXPECT_EQ(peer(), good());
}

TEST_F(DialerTest, ASlowAddressIsStillWaitedForBesideTheNext) {
  auto slow = std::make_unique<BlackHole>("127.0.0.2", port);
  dial({"127.0.0.2", "127.0.0.3"}, 10ms);  // the second refuses
  turn_for(100ms);
  ASSERT_FALSE(result);
  slow.reset();  // it answers the repeated question now: refused
  ASSERT_TRUE(done());
  ASSERT_FALSE(*result);
  EXPECT_THAT(result->error(), HasSubstr("127.0.0.2"));
  EXPECT_THAT(result->error(), HasSubstr("refused"));
}

TEST_F(DialerTest, TheLastRefusalIsWhatIsTold) {
  dial({"127.0.0.2", "127.0.0.3"}, 1h);
  ASSERT_TRUE(done());
  ASSERT_FALSE(*result);
  EXPECT_EQ(result->error(), fmt::format("connecting to 127.0.0.3:{}: connection refused", port));
}

TEST_F(DialerTest, NoAddressCanBeDialled) {
  dial({"nonsense"}, 1h);
  ASSERT_TRUE(done());
  EXPECT_FALSE(*result);
}

TEST_F(DialerTest, GivingUpEndsAllAttempts) {
  const BlackHole two("127.0.0.2", port), three("127.0.0.3", port);
  dial({"127.0.0.2", "127.0.0.3"}, 1ms);
  turn_for(50ms);
  dialer.reset();
  turn_for(50ms);
  EXPECT_FALSE(result);
}

TEST(Interleaved, FamiliesTakeTurnsBeginningWithTheFirst) {
  EXPECT_THAT(interleaved({"::1", "::2", "::3", "10.0.0.1", "10.0.0.2"}),
              ElementsAre("::1", "10.0.0.1", "::2", "10.0.0.2", "::3"));
  EXPECT_THAT(interleaved({"10.0.0.1", "10.0.0.2", "::1"}),
              ElementsAre("10.0.0.1", "::1", "10.0.0.2"));
  EXPECT_THAT(interleaved({"10.0.0.1", "10.0.0.2"}), ElementsAre("10.0.0.1", "10.0.0.2"));
  EXPECT_THAT(interleaved({}), ElementsAre());
}

}  // namespace
}  // namespace feedwatch::net
