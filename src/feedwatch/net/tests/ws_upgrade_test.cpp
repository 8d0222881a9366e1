#include <fmt/core.h>
#include <pthread.h>
#include <sys/socket.h>

#include "feedwatch/net/tests/net_fixture.hpp"
#include "feedwatch/net/ws_transport.hpp"

// Answers to the upgrade as only a raw server gives them.
namespace feedwatch::net {
namespace {

using testing::NetTest;
using testing::Recorder;

class WsUpgradeTest : public NetTest {
 protected:
  Recorder sink;
  WsTransport transport{reactor, resolver, sink};
};

/// A call inside a call for each of thousands would need more than a megabyte.
void on_a_small_stack(std::function<void()> action) {
  pthread_attr_t attributes;
  ASSERT_EQ(pthread_attr_init(&attributes), 0);
  ASSERT_EQ(pthread_attr_setstacksize(&attributes, 1U << 20U), 0);
  pthread_t thread{};
  const auto run = [](void* what) -> void* {
    (*static_cast<std::function<void()>*>(what))();
    return nullptr;
  };
  ASSERT_EQ(pthread_create(&thread, &attributes, run, &action), 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
}

/// Answers the first connection with as many interim answers, and then closes.
struct Interim : IoHandler {
  explicit Interim(Reactor& reactor)
      : listener(std::move(*listen_on(*make_endpoint("127.0.0.1", 0)))),
        watch(reactor.watch(listener.get(), *this)) {
    watch->want(true, false);
    while (answers.size() < (100U << 10U)) answers += "HTTP/1.1 100 Continue\r\n\r\n";
  }
  void on_io(bool, bool) override {
    Endpoint from;
    accepted = accept_one(listener.get(), from);
    if (!accepted) return;
    ::send(accepted.get(), answers.data(), answers.size(), MSG_NOSIGNAL);
    ::shutdown(accepted.get(), SHUT_WR);
  }
  Fd listener, accepted;
  std::unique_ptr<IoWatch> watch;
  std::string answers;
};

TEST_F(WsUpgradeTest, ThousandsOfInterimAnswersAreNoAnswer) {
  const Interim server(reactor);
  const auto port = endpoint_port(local_endpoint(server.listener.get()));
  transport.dial(ConnId{7}, {.url = fmt::format("ws://127.0.0.1:{}/", port)});
  on_a_small_stack([&] { ASSERT_TRUE(until([&] { return sink.closed.has_value(); })); });
  EXPECT_EQ(sink.closed->phase, DialPhase::upgrading);
  EXPECT_EQ(sink.closed->detail, "upgrade: connection closed by the peer");
}

}  // namespace
}  // namespace feedwatch::net
