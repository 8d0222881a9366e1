// The same cases over a socket, as far as they are small: what the server sees of our answer.
#include <gtest/gtest.h>

#include "feedwatch/net/tests/autobahn.hpp"
#include "feedwatch/net/tests/net_fixture.hpp"
#include "feedwatch/net/tests/raw_server.hpp"

namespace feedwatch::net {
namespace {

using testing::AutobahnCase;
using testing::AutobahnCases;
using testing::AutobahnScript;
using testing::NetTest;
using testing::RawServer;
using testing::Recorder;

class AutobahnSocketTest : public NetTest {
 protected:
  void run(const AutobahnCase& row) {
    SCOPED_TRACE("Autobahn " + row.number);
    const AutobahnScript script = row.script();
    sink = Recorder{};
    RawServer server(reactor);
    for (const std::string& part : script.parts) server.say(part);
    if (script.fails == 0 && !script.closed) server.say(testing::close_frame(1000));
    transport.dial(ConnId{next++}, {.url = server.url()});
    ASSERT_TRUE(until([&] { return sink.closed && server.ended(); }));
    expect_frames(script);
    expect_end(script, server);
  }

  void expect_frames(const AutobahnScript& script) {
    ASSERT_EQ(sink.got.size(), script.got.size());
    for (std::size_t i = 0; i < sink.got.size(); ++i) {
      EXPECT_EQ(sink.got[i].type, script.got[i].type);
      EXPECT_TRUE(sink.got[i].payload == script.got[i].payload);
    }
  }

  void expect_end(const AutobahnScript& script, const RawServer& server) {
    if (script.fails != 0) {
      EXPECT_EQ(server.close_code(), script.fails) << sink.closed->detail;
      EXPECT_FALSE(sink.closed->close_code);
      return;
    }
    const std::optional<std::uint16_t> code = script.closed ? script.closed->code : 1000;
    EXPECT_EQ(sink.closed->close_code, code) << sink.closed->detail;
    EXPECT_EQ(server.close_code(), code.value_or(1000));  // echoed
  }

  Recorder sink;
  WsTransport transport{reactor, resolver, sink};
  std::uint32_t next = 1;
};

TEST_F(AutobahnSocketTest, ChaptersOneToSeven) {
  AutobahnCases cases = testing::autobahn_frames();
  testing::join(cases, testing::autobahn_utf8());
  testing::join(cases, testing::autobahn_closing());
  for (const AutobahnCase& row : cases) run(row);
}

}  // namespace
}  // namespace feedwatch::net
