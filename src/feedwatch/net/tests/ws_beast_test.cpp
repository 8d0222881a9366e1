// Boost.Beast's server as the peer: an implementation of RFC 7692 that has nothing of ours in it.
#include <fmt/core.h>
#include <gmock/gmock.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>
#include <functional>
#include <optional>
#include <string>
#include <thread>

#include "feedwatch/net/tests/net_fixture.hpp"

namespace feedwatch::net {
namespace {

namespace asio = boost::asio;
namespace websocket = boost::beast::websocket;
using testing::NetTest;
using testing::Recorder;
using Socket = websocket::stream<asio::ip::tcp::socket>;

constexpr ConnId conn{7};

websocket::permessage_deflate willing() {
  websocket::permessage_deflate options;
  options.server_enable = true;
  options.msg_size_threshold = 0;
  return options;
}

/// Accepts one connection on a thread of its own, runs the script on it and waits for the end.
class BeastServer {
 public:
  using Script = std::function<void(Socket&)>;
  BeastServer(const websocket::permessage_deflate& options, Script script)
      : acceptor_(context_, {asio::ip::address_v4::loopback(), 0}),
        thread_([this, options, script = std::move(script)] { run(options, script); }) {}
  ~BeastServer() {
    if (thread_.joinable()) thread_.join();
  }
  BeastServer(const BeastServer&) = delete;
  BeastServer& operator=(const BeastServer&) = delete;

  std::string url() const {
    return fmt::format("ws://127.0.0.1:{}/", acceptor_.local_endpoint().port());
  }
  /// Waits for the end of the script.
  void join() { thread_.join(); }

  std::string offered;                      ///< after join()
  std::vector<std::string> heard;           ///< after join()
  std::optional<std::uint16_t> close_code;  ///< after join()

 private:
  void run(const websocket::permessage_deflate& options, const Script& script) {
    Socket socket(acceptor_.accept());
    socket.set_option(options);
    boost::beast::flat_buffer buffer;
    boost::beast::http::request<boost::beast::http::string_body> request;
    boost::beast::http::read(socket.next_layer(), buffer, request);
    offered = std::string(request["Sec-WebSocket-Extensions"]);
    boost::beast::error_code ec;
    socket.accept(request, ec);
    if (!ec) script(socket);
    while (!ec) {
      boost::beast::flat_buffer message;
      socket.read(message, ec);
      if (!ec) heard.push_back(boost::beast::buffers_to_string(message.data()));
    }
    if (ec == websocket::error::closed) close_code = socket.reason().code;
  }

  asio::io_context context_;
  asio::ip::tcp::acceptor acceptor_;
  std::thread thread_;
};

void say(Socket& socket, const std::string& text) {
  socket.write(asio::buffer(text));
}

std::string tick(int i) {
  return fmt::format(R"({{"stream":"btcusdt@markPrice","data":{{"p":"{}"}}}})", 43'000 + i);
}

class WsBeastTest : public NetTest {
 protected:
  void dial(const BeastServer& server, std::size_t max_message = 8U << 20U) {
    transport.dial(conn, {.url = server.url(), .offer_deflate = true, .max_message = max_message});
  }
  bool got(std::size_t n) {
    return until([&] { return sink.got.size() >= n || sink.closed; }) && sink.got.size() >= n;
  }
  void close() {
    transport.close(conn, 1000);
    ASSERT_TRUE(until([&] { return sink.closed.has_value(); }));
  }

  Recorder sink;
  WsTransport transport{reactor, resolver, sink};
};

TEST_F(WsBeastTest, CompressedMessagesArriveInflatedAndOursGoPlain) {
  BeastServer server(willing(), [](Socket& socket) {
    for (int i = 0; i < 200; ++i) say(socket, tick(i));
  });
  dial(server);
  ASSERT_TRUE(got(200)) << sink.closed->detail;
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(sink.got[static_cast<std::size_t>(i)].payload, tick(i));
  }
  transport.send_text(conn, "subscribe");
  close();
  server.join();
  EXPECT_EQ(server.offered, "permessage-deflate; client_max_window_bits");
  EXPECT_EQ(server.heard, std::vector<std::string>{"subscribe"});
  EXPECT_EQ(server.close_code, 1000);
}

TEST_F(WsBeastTest, EveryParameterAServerMayChoose) {
  std::string large;
  for (int i = 0; i < 4'000; ++i) large += tick(i * 7'919 % 1'009);
  for (const bool fresh : {false, true}) {
    for (const int bits : {9, 11, 15}) {
      websocket::permessage_deflate options = willing();
      options.server_max_window_bits = bits;
      options.client_max_window_bits = bits;
      options.server_no_context_takeover = fresh;
      options.client_no_context_takeover = fresh;
      BeastServer server(options, [&](Socket& socket) {
        for (int i = 0; i < 20; ++i) say(socket, tick(i));
        socket.write_some(false, asio::buffer(large.substr(0, 100'000)));
        socket.ping("between");
        socket.write_some(true, asio::buffer(large.substr(100'000)));
      });
      sink = Recorder{};
      dial(server);
      ASSERT_TRUE(got(22)) << sink.closed->detail;
      EXPECT_EQ(sink.got[19].payload, tick(19));
      EXPECT_EQ(sink.got[20].type, FrameType::ping);
      EXPECT_EQ(sink.got[20].payload, "between");
      EXPECT_EQ(sink.got[21].payload, large);
      close();
    }
  }
}

TEST_F(WsBeastTest, AServerThatDoesNotWantToAnswersPlain) {
  BeastServer server({}, [](Socket& socket) { say(socket, "plain"); });
  dial(server);
  ASSERT_TRUE(got(1)) << sink.closed->detail;
  EXPECT_EQ(sink.got[0].payload, "plain");
  close();
}

TEST_F(WsBeastTest, NothingIsOfferedUnasked) {
  BeastServer server(willing(), [](Socket& socket) { say(socket, "plain"); });
  transport.dial(conn, {.url = server.url()});
  ASSERT_TRUE(got(1)) << sink.closed->detail;
  close();
  server.join();
  EXPECT_EQ(server.offered, "");
}

TEST_F(WsBeastTest, ALimitOfTheVenueIsOnWhatIsInflated) {
  for (const std::size_t length : {100'000U, 100'001U}) {
    BeastServer server(willing(), [&](Socket& socket) { say(socket, std::string(length, '0')); });
    sink = Recorder{};
    dial(server, 100'000);
    ASSERT_TRUE(until([&] { return !sink.got.empty() || sink.closed; }));
    EXPECT_EQ(sink.closed.has_value(), length > 100'000);
    if (!sink.closed) close();
    server.join();
    EXPECT_EQ(server.close_code, length > 100'000 ? 1009 : 1000);
  }
}

TEST_F(WsBeastTest, WithoutALimitOfTheVenueTheTransportsHolds) {
  WsTransport small(reactor, resolver, sink, {.max_message = 1'000});
  BeastServer server(willing(), [&](Socket& socket) { say(socket, std::string(1'001, '0')); });
  small.dial(conn, {.url = server.url(), .offer_deflate = true, .max_message = 0});
  ASSERT_TRUE(until([&] { return sink.closed.has_value(); }));
  EXPECT_THAT(sink.closed->detail, ::testing::HasSubstr("message longer than 1000 bytes"));
}

}  // namespace
}  // namespace feedwatch::net
