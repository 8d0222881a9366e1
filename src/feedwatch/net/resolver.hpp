#pragma once

#include <memory>

#include "feedwatch/base/ports/transport.hpp"

namespace feedwatch::net {

class Reactor;

/// Resolver over the system's getaddrinfo, which blocks and therefore runs on up to two threads of
/// its own; at most 256 names wait, further ones fail at once. Numeric addresses need no thread.
/// Owner's (reactor's) thread only. Destruction drops what is under way: no `done` runs afterwards.
class SystemResolver final : public Resolver {
 public:
  explicit SystemResolver(Reactor& reactor);
  ~SystemResolver() override;
  void resolve(const std::string& host, Done done) override;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace feedwatch::net
