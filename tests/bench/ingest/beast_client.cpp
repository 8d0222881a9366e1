// Boost.Beast as its examples use it: one asynchronous read a message.
#include <boost/asio/connect.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/ssl/impl/src.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <cstdlib>

#include "tests/bench/ingest/bare_sink.hpp"
#include "tests/bench/ingest/client.hpp"

namespace feedwatch::bench::ingest {
namespace {

namespace beast = boost::beast;
namespace asio = boost::asio;
using tcp = asio::ip::tcp;

template <class Next>
class Reader {
 public:
  Reader(Next next, const ClientOptions& options) : socket_(std::move(next)), options_(options) {}

  beast::websocket::stream<Next>& socket() { return socket_; }

  void read() {
    socket_.async_read(buffer_, [this](const beast::error_code& error, std::size_t) {
      if (error) std::_Exit(0);  // the blaster has had enough
      on_message();
      read();
    });
  }

 private:
  void on_message() {
    const std::size_t size = buffer_.size();
    buffer_.reserve(size + simdjson::SIMDJSON_PADDING);
    const auto data = buffer_.cdata();
    const std::string_view text(static_cast<const char*>(data.data()), size);
    sink_.take(fields_by_simdjson(parser_, text, options_.shape), boot_now(),
               options_.shape == Shape::mark_price);
    buffer_.consume(size);
  }

  beast::websocket::stream<Next> socket_;
  ClientOptions options_;
  beast::flat_buffer buffer_;
  simdjson::ondemand::parser parser_;
  BareSink sink_;
};

template <class Next>
int serve(asio::io_context& loop, Next next, const ClientOptions& options) {
  Reader<Next> reader(std::move(next), options);
  reader.socket().handshake("127.0.0.1", dial_target(options.shape));
  reader.read();
  loop.run();
  return 0;
}

}  // namespace

int run_beast(const ClientOptions& options) {
  asio::io_context loop(1);
  beast::tcp_stream plain(loop);
  plain.connect(tcp::endpoint(asio::ip::make_address("127.0.0.1"), options.port));
  plain.socket().set_option(tcp::no_delay(true));
  if (options.ca_file.empty()) return serve(loop, std::move(plain), options);
  asio::ssl::context context(asio::ssl::context::tls_client);
  context.load_verify_file(options.ca_file);
  context.set_verify_mode(asio::ssl::verify_peer);
  beast::ssl_stream<beast::tcp_stream> secure(std::move(plain), context);
  secure.handshake(asio::ssl::stream_base::client);
  return serve(loop, std::move(secure), options);
}

}  // namespace feedwatch::bench::ingest
