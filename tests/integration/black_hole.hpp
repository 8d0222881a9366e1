#pragma once

#include <cstdint>
#include <vector>

namespace feedwatch::integration {

/// A port of the loopback at which nobody answers: its queue of connections is full and nobody
/// takes any from it, so that the kernel drops what a dialler sends, as a network that is down
/// would. Whoever dials is neither accepted nor refused until destruction, which frees the port.
class BlackHole {
 public:
  explicit BlackHole(std::uint16_t port);
  ~BlackHole();
  BlackHole(const BlackHole&) = delete;
  BlackHole& operator=(const BlackHole&) = delete;

 private:
  bool fill(std::uint16_t port);

  std::vector<int> sockets_;  ///< the listening one first
};

}  // namespace feedwatch::integration
