#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "feedwatch/net/http_codec.hpp"
#include "feedwatch/net/http_server.hpp"
#include "feedwatch/net/reactor.hpp"
#include "feedwatch/net/stream.hpp"

namespace feedwatch::net {

/// What a session needs of its server, which outlives it.
class SessionHost {
 public:
  virtual ~SessionHost() = default;
  virtual Reactor& reactor() = 0;
  virtual const HttpServerOptions& options() const = 0;
  virtual const HttpHandlers& handlers() const = 0;
  virtual HttpServerStats& counters() = 0;
  virtual void adopt(std::unique_ptr<Stream> stream, const std::string& peer,
                     const AcceptUpgrade& accept, const std::string& already_read) = 0;
  virtual void remove(std::uint64_t session) = 0;
};

/// One HTTP connection: one request after the other, each answered before the next is looked at.
class HttpSession final : public StreamOwner, public std::enable_shared_from_this<HttpSession> {
 public:
  HttpSession(SessionHost& host, std::uint64_t id, std::unique_ptr<Channel> channel,
              std::string peer);
  void start();

 private:
  /// reading a request → responding (with the handler) → writing → reading; or, to end:
  /// writing_last → lingering. silent: an upgrade nobody answers. over: gone.
  enum class State : unsigned char {
    reading,
    responding,
    writing,
    writing_last,
    lingering,
    silent,
    over
  };

  void on_readable() override;
  void on_drained() override;
  void on_write_failed(const std::string& why) override;

  HttpParser new_parser() const;
  void pump();
  void on_message(HttpMessage message);
  void on_upgrade(const Request& request);
  void accept_upgrade(const Request& request, const AcceptUpgrade& accept);
  void ask_handler(Request request);
  void respond(std::uint64_t request_number, Response response);
  void refuse(int status, const std::string& why);
  void write_response(const Response& response, bool keep);
  void written();
  void linger();
  void limit(Duration after);
  void on_limit();
  void drop();

  SessionHost& host_;
  const std::uint64_t id_;
  const std::string peer_;
  std::unique_ptr<Stream> stream_;
  std::unique_ptr<Wakeup> limit_;
  HttpParser parser_;
  std::string buffer_;
  State state_ = State::reading;
  bool pumping_ = false;
  bool head_only_ = false;
  bool keep_alive_ = false;
  bool answered_continue_ = false;
  bool first_ = true;  ///< nothing has been answered on this connection yet
  std::uint64_t request_number_ = 0;
  std::size_t queued_at_limit_ = 0;

  friend class PendingResponse;
};

}  // namespace feedwatch::net
