#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "feedwatch/base/ports/transport.hpp"

namespace feedwatch::net {

class Reactor;

/// Resolver over the system's getaddrinfo, which blocks and therefore runs on up to two threads of
/// its own. A name is looked up once for all who ask for it meanwhile, and not at all when nobody
/// is left by the time its turn comes: who gives up and asks again takes nobody's place. At most
/// 256 names wait, further ones fail at once. Numeric addresses need no thread. Owner's (reactor's)
/// thread only. Destruction drops what is under way: no `done` runs afterwards.
class SystemResolver final : public Resolver {
 public:
  struct Answer {
    std::vector<std::string> addresses;
    std::string error;
  };
  /// Blocks; called on the resolver's threads, and may outlive it.
  using LookUp = std::function<Answer(const std::string& host)>;

  explicit SystemResolver(Reactor& reactor);
  SystemResolver(Reactor& reactor, LookUp look_up);
  ~SystemResolver() override;
  void resolve(const std::string& host, std::weak_ptr<const void> asker, Done done) override;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace feedwatch::net
