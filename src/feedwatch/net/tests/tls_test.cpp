#include <fmt/core.h>
#include <gmock/gmock.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <thread>

#include "feedwatch/net/http_client.hpp"
#include "feedwatch/net/tests/certificates.hpp"
#include "feedwatch/net/tests/net_fixture.hpp"
#include "feedwatch/net/tls.hpp"

namespace feedwatch::net {
namespace {

using testing::Certificates;
using testing::NetTest;
using testing::RawPeer;
using testing::Recorder;

/// Answers one handshake with TLS 1.1 at best, as servers forgotten in a corner do.
class OldTlsServer {
 public:
  explicit OldTlsServer(const Certificates& certificates)
      : listener_(std::move(*listen_on(*make_endpoint("127.0.0.1", 0)))),
        ctx_(SSL_CTX_new(TLS_server_method())) {
    SSL_CTX_set_min_proto_version(ctx_, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(ctx_, TLS1_1_VERSION);
    SSL_CTX_set_cipher_list(ctx_, "ALL:@SECLEVEL=0");
    SSL_CTX_use_certificate_chain_file(ctx_, certificates.cert().c_str());
    SSL_CTX_use_PrivateKey_file(ctx_, certificates.key().c_str(), SSL_FILETYPE_PEM);
    thread_ = std::thread([this] { run(); });
  }
  ~OldTlsServer() {
    thread_.join();
    SSL_CTX_free(ctx_);
  }
  OldTlsServer(const OldTlsServer&) = delete;
  OldTlsServer& operator=(const OldTlsServer&) = delete;

  std::uint16_t port() const { return endpoint_port(local_endpoint(listener_.get())); }

 private:
  void run() {
    pollfd waiting{.fd = listener_.get(), .events = POLLIN, .revents = 0};
    ::poll(&waiting, 1, 20'000);
    const int peer = ::accept(listener_.get(), nullptr, nullptr);
    if (peer < 0) return;
    SSL* ssl = SSL_new(ctx_);
    SSL_set_fd(ssl, peer);
    SSL_accept(ssl);
    SSL_free(ssl);
    ::close(peer);
  }

  Fd listener_;
  SSL_CTX* ctx_;
  std::thread thread_;
};

class TlsTest : public NetTest {
 protected:
  void serve_with(const Certificates& certificates) {
    HttpHandlers handlers;
    handlers.on_upgrade = [this](const Request&) -> UpgradeDecision {
      return AcceptUpgrade{[this](std::shared_ptr<WsConnection> socket) {
        peer = std::move(socket);
        peer->on_text = [this](std::string_view text) { peer_heard = text; };
      }};
    };
    handlers.on_request = [](Request request, Responder respond) {
      respond({.status = 200, .headers = {}, .body = request.target});
    };
    HttpServerOptions options;
    options.cert_file = certificates.cert();
    options.key_file = certificates.key();
    options.max_message = 8U << 20U;
    server = serve(std::move(handlers), options);
  }

  void dial(const std::string& host, const std::string& ca_file) {
    sink = Recorder{};
    transport.abort(ConnId{next - 1});
    transport.dial(ConnId{next++}, {.url = fmt::format("wss://{}:{}/", host, server->local_port()),
                                    .ca_file = ca_file});
    ASSERT_TRUE(until([&] { return sink.open() || sink.closed; }));
  }

  /// What ends a handshake with the server by somebody who means `host`; empty if nothing does.
  std::string handshake_as(const std::string& host, const std::string& ca_file) {
    auto made =
        (*TlsContext::client(ca_file))
            ->connect(std::move(*start_connect(*make_endpoint("127.0.0.1", server->local_port()))),
                      host);
    if (!made) return made.error();
    IoResult result;
    EXPECT_TRUE(until([&] {
      result = (*made)->handshake();
      return result.status != IoStatus::would_block;
    }));
    return (*made)->error();
  }

  void expect_refused(const char* words) {
    ASSERT_TRUE(sink.closed);
    EXPECT_EQ(sink.closed->phase, DialPhase::securing);
    EXPECT_NE(sink.closed->detail.find(words), std::string::npos) << sink.closed->detail;
  }

  std::unique_ptr<HttpServer> server;
  Recorder sink;
  WsTransport transport{reactor, resolver, sink};
  std::shared_ptr<WsConnection> peer;
  std::string peer_heard;
  std::uint32_t next = 1;
};

TEST_F(TlsTest, APrivateCaIsTrustedByOption) {
  const Certificates certificates("DNS:localhost,IP:127.0.0.1");
  serve_with(certificates);
  dial("localhost", certificates.ca());
  ASSERT_TRUE(sink.open()) << sink.closed->detail;
  EXPECT_EQ(sink.phases, (std::vector{DialPhase::resolving, DialPhase::connecting,
                                      DialPhase::securing, DialPhase::upgrading, DialPhase::open}));
  std::string large(5U << 20U, 'x');
  ASSERT_TRUE(peer->send_text(large));
  transport.send_text(ConnId{1}, "secret");
  ASSERT_TRUE(until([&] { return !sink.got.empty() && !peer_heard.empty(); }));
  EXPECT_EQ(sink.got[0].payload, large);
  EXPECT_EQ(peer_heard, "secret");
}

// Each is a TLS record of its own; a socket left with a backlog in every round would grow old.
TEST_F(TlsTest, ManySmallMessagesAreReadInOneRound) {
  const Certificates certificates("IP:127.0.0.1");
  serve_with(certificates);
  dial("127.0.0.1", certificates.ca());
  ASSERT_TRUE(until([&] { return peer != nullptr; }));
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(peer->send_text("tick"));
  ASSERT_TRUE(until([&] { return !sink.got.empty(); }));
  EXPECT_EQ(sink.got.size(), 100U);
  EXPECT_LE(sink.reads.size(), 2U) << "what has come in together goes on together";
}

TEST_F(TlsTest, TheEndIsToldAfterWhatCameBeforeIt) {
  const Certificates certificates("IP:127.0.0.1");
  serve_with(certificates);
  auto channel = std::move(
      *(*TlsContext::client(certificates.ca()))
           ->connect(std::move(*start_connect(*make_endpoint("127.0.0.1", server->local_port()))),
                     "127.0.0.1"));
  ASSERT_TRUE(until([&] { return channel->handshake().status == IoStatus::ok; }));
  channel->write("GET /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  std::string answer;
  std::array<char, 1'024> bytes{};
  IoResult last;
  ASSERT_TRUE(until([&] {
    last = channel->read(bytes);
    if (last.status == IoStatus::ok) answer.append(bytes.data(), last.bytes);
    return last.status == IoStatus::closed || last.status == IoStatus::failed;
  }));
  EXPECT_TRUE(answer.ends_with("/x")) << answer;
}

TEST_F(TlsTest, WhatWaitsIsNeverCountedTooLow) {
  const Certificates certificates("IP:127.0.0.1");
  serve_with(certificates);
  auto channel = std::move(
      *(*TlsContext::client(certificates.ca()))
           ->connect(std::move(*start_connect(*make_endpoint("127.0.0.1", server->local_port()))),
                     "127.0.0.1"));
  ASSERT_TRUE(until([&] { return channel->handshake().status == IoStatus::ok; }));
  channel->write("GET /" + std::string(5000, 'x') + " HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(until([&] { return channel->waiting() > 5000; }));
  char byte = 0;
  std::size_t read = 0;
  std::size_t before = channel->waiting();
  while (channel->read({&byte, 1}).status == IoStatus::ok) {
    ++read;
    EXPECT_GE(before, 1U);
    before = channel->waiting();
  }
  EXPECT_GT(read, 5000U);
  EXPECT_EQ(channel->waiting(), 0U);
}

TEST_F(TlsTest, AddressesAreVerifiedToo) {
  const Certificates certificates("IP:127.0.0.1");
  serve_with(certificates);
  dial("127.0.0.1", certificates.ca());
  EXPECT_TRUE(sink.open());
}

TEST_F(TlsTest, AnUnknownCaIsRefused) {
  const Certificates certificates("IP:127.0.0.1");
  serve_with(certificates);
  dial("127.0.0.1", "");
  expect_refused("certificate is not trusted");
}

TEST_F(TlsTest, EveryRefusalSaysWhatIsWrongAndWhatHelps) {
  using Shape = Certificates::Shape;
  struct Case {
    Shape shape;
    bool with_ca;  ///< ca_file names the CA
    const char* words;
  };
  const Case cases[] = {
      {Shape::expired, true, "certificate of 'feedwatch test server' has expired on 20"},
      {Shape::not_yet_valid, true, "certificate of 'feedwatch test server' is valid from 20"},
      {Shape::self_signed, true,
       "certificate is not trusted: 'feedwatch test server' has signed it itself, no authority has "
       "(if it is yours, name it as ca_file)"},
      {Shape::without_intermediate, true,
       "certificate is not trusted: its issuer 'feedwatch test intermediate' is not known here and "
       "the server did not send the issuer's certificate (its chain may lack the intermediate one; "
       "a private authority belongs into ca_file)"},
      {Shape::by_intermediate, false,
       "certificate is not trusted: the authority 'feedwatch test CA' is not known here (a private "
       "authority belongs into ca_file)"},
      {Shape::good, false, "its issuer 'feedwatch test CA' is not known here"},
  };
  for (const Case& c : cases) {
    const Certificates certificates("IP:127.0.0.1", c.shape);
    serve_with(certificates);
    dial("127.0.0.1", c.with_ca ? certificates.ca() : "");
    expect_refused(c.words);
  }
}

TEST_F(TlsTest, AChainOverAnIntermediateAuthorityIsTrusted) {
  const Certificates certificates("IP:127.0.0.1", Certificates::Shape::by_intermediate);
  serve_with(certificates);
  dial("127.0.0.1", certificates.ca());
  EXPECT_TRUE(sink.open());
}

TEST_F(TlsTest, ACertificateThatSignsItselfIsTrustedByName) {
  const Certificates certificates("IP:127.0.0.1", Certificates::Shape::self_signed);
  serve_with(certificates);
  dial("127.0.0.1", certificates.cert());
  EXPECT_TRUE(sink.open());
}

TEST_F(TlsTest, AServerOfAnOldVersionIsRefused) {
  const Certificates certificates("IP:127.0.0.1");
  const OldTlsServer old(certificates);
  sink = Recorder{};
  transport.dial(ConnId{next++}, {.url = fmt::format("wss://127.0.0.1:{}/", old.port()),
                                  .ca_file = certificates.ca()});
  ASSERT_TRUE(until([&] { return sink.closed.has_value(); }));
  expect_refused("no version of TLS in common: 1.2 or later is needed");
}

TEST_F(TlsTest, ACertificateOfAnotherHostIsRefused) {
  const Certificates certificates("DNS:other.example,IP:127.0.0.9");
  serve_with(certificates);
  dial("127.0.0.1", certificates.ca());
  expect_refused("certificate is for another host, not for '127.0.0.1'");
  dial("localhost", certificates.ca());
  expect_refused("not for 'localhost'");
}

// Whatever a library takes for an address must not slip between the check of addresses and that of
// names.
TEST_F(TlsTest, NoSpellingOfAnAddressEscapesTheCheck) {
  const Certificates certificates("DNS:other.example,IP:127.0.0.9");
  serve_with(certificates);
  for (const char* host :
       {"127.1", "2130706433", "0x7f.1", "127.0.0.1", "::1", "::1%1", "fe80::1%lo"}) {
    EXPECT_EQ(handshake_as(host, certificates.ca()),
              fmt::format("certificate is for another host, not for '{}'", host));
  }
  for (const char* host : {"127.1", "2130706433"}) {
    dial(host, certificates.ca());
    EXPECT_TRUE(sink.closed) << host;
  }
}

TEST_F(TlsTest, AZoneIsNoPartOfTheIdentity) {
  const Certificates certificates("IP:fe80::1");
  serve_with(certificates);
  EXPECT_EQ(handshake_as("fe80::1%lo", certificates.ca()), "");
}

TEST_F(TlsTest, AHostThatCannotBeCheckedIsNotDialled) {
  const Certificates certificates("DNS:*.example");
  serve_with(certificates);
  const std::string host(300, 'a');
  EXPECT_THAT(handshake_as(host, certificates.ca()), ::testing::HasSubstr("cannot be checked"));
}

TEST_F(TlsTest, AMissingCaFileIsNamed) {
  const Certificates certificates("IP:127.0.0.1");
  serve_with(certificates);
  dial("127.0.0.1", "/nonexistent/ca.pem");
  expect_refused("CA file '/nonexistent/ca.pem' cannot be read");
}

TEST_F(TlsTest, AChangedCaFileIsReadAgain) {
  const Certificates old_ones("IP:127.0.0.1");
  const Certificates new_ones("IP:127.0.0.1");
  const Certificates place("IP:127.0.0.1");
  const auto copy = [&](const Certificates& from) {
    std::filesystem::copy_file(from.ca(), place.ca(),
                               std::filesystem::copy_options::overwrite_existing);
  };
  serve_with(new_ones);
  copy(old_ones);
  dial("127.0.0.1", place.ca());
  expect_refused("not trusted");
  const auto written = std::filesystem::last_write_time(place.ca());
  copy(new_ones);
  std::filesystem::last_write_time(place.ca(), written + std::chrono::seconds(1));
  dial("127.0.0.1", place.ca());
  EXPECT_TRUE(sink.open());
}

TEST_F(TlsTest, ACaFilePutInTheOldOnesPlaceIsReadWhateverItsTime) {
  const Certificates old_ones("IP:127.0.0.1");
  const Certificates new_ones("IP:127.0.0.1");
  serve_with(new_ones);
  const auto written = std::filesystem::last_write_time(new_ones.ca());
  const std::filesystem::path place = new_ones.ca() + ".place";
  const auto put = [&](const Certificates& from) {
    const std::filesystem::path fresh = new_ones.ca() + ".new";
    std::filesystem::copy_file(from.ca(), fresh);
    std::filesystem::last_write_time(fresh, written);
    std::filesystem::rename(fresh, place);
  };
  put(old_ones);
  dial("127.0.0.1", place);
  expect_refused("not trusted");
  put(new_ones);
  dial("127.0.0.1", place);
  EXPECT_TRUE(sink.open());
}

TEST_F(TlsTest, APlainServerIsNoTlsServer) {
  server = serve({});
  dial("127.0.0.1", "");
  expect_refused("the answer is not TLS (is this port for plain connections?)");
}

TEST_F(TlsTest, TheServerSurvivesPlainAndSilentClients) {
  const Certificates certificates("IP:127.0.0.1");
  serve_with(certificates);
  RawPeer plain(server->local_port());
  plain.say("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(until([&] { return plain.ended(); }));
  EXPECT_EQ(server->connections(), 0U);
}

TEST_F(TlsTest, HttpsWorksAlike) {
  const Certificates certificates("IP:127.0.0.1");
  serve_with(certificates);
  HttpClient client(reactor, resolver);
  std::optional<std::expected<HttpResponse, std::string>> good, bad;
  const std::string url = fmt::format("https://127.0.0.1:{}/time?x=1", server->local_port());
  client.fetch({.url = url, .ca_file = certificates.ca()}, [&](auto r) { good = std::move(r); });
  client.fetch({.url = url}, [&](auto r) { bad = std::move(r); });
  ASSERT_TRUE(until([&] { return good && bad; }));
  ASSERT_TRUE(*good) << good->error();
  EXPECT_EQ((*good)->body, "/time?x=1");
  ASSERT_FALSE(*bad);
  EXPECT_NE(bad->error().find("not trusted"), std::string::npos) << bad->error();
}

TEST_F(TlsTest, BadServerFilesAreNamed) {
  const Certificates certificates("IP:127.0.0.1");
  HttpServerOptions options;
  options.cert_file = "/nonexistent/cert.pem";
  options.key_file = certificates.key();
  auto listening = HttpServer::listen(reactor, options, {});
  ASSERT_FALSE(listening);
  EXPECT_NE(listening.error().why.find("/nonexistent/cert.pem"), std::string::npos);
  const Certificates others("IP:127.0.0.1");
  options.cert_file = others.cert();
  listening = HttpServer::listen(reactor, options, {});
  ASSERT_FALSE(listening);
  EXPECT_NE(listening.error().why.find("cannot be used"), std::string::npos)
      << listening.error().why;
}

}  // namespace
}  // namespace feedwatch::net
