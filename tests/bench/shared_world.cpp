#include "tests/bench/shared_world.hpp"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <utility>

#include "feedwatch/shm/identity.hpp"
#include "feedwatch/shm/segment_file.hpp"
#include "tests/bench/clocks.hpp"
#include "tests/bench/world.hpp"

namespace feedwatch::bench {
namespace {

constexpr char published = '!';

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{-1, -1};
    if (::pipe(ends.data()) != 0) std::abort();
    from = shm::Descriptor(ends[0]);
    to = shm::Descriptor(ends[1]);
  }
  shm::Descriptor from, to;
};

void beat_until_closed(Monitor& monitor, int stop) {
  pollfd closed{stop, POLLIN, 0};
  const auto every = std::chrono::duration_cast<std::chrono::milliseconds>(board::heartbeat_every);
  while (::poll(&closed, 1, static_cast<int>(every.count())) == 0) monitor.beat(boot_now());
}

}  // namespace

SharedWorld::SharedWorld(std::size_t streams) {
  std::string pattern = std::string(shm::default_directory) + "/feedwatch-bench-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) return;
  directory_ = pattern;
  Pipe ready;
  Pipe stop;
  writer_ = ::fork();
  if (writer_ == 0) {
    stop.to = {};
    write(streams, ready.to.get(), stop.from.get());
  }
  ready.to = {};
  running_ = std::move(stop.to);
  char said = 0;
  lives_ = writer_ > 0 && ::read(ready.from.get(), &said, 1) == 1 && said == published;
}

SharedWorld::~SharedWorld() {
  running_ = {};
  if (writer_ > 0) ::waitpid(writer_, nullptr, 0);
  std::error_code ignored;
  if (!directory_.empty()) std::filesystem::remove_all(directory_, ignored);
}

std::string SharedWorld::stream(std::size_t place) {
  return StreamKey{"binance-usdm", symbol_of(place), Kind::last}.text();
}

void SharedWorld::write(std::size_t streams, int ready, int stop) const {
  shm::SegmentOptions options{.name = name, .directory = directory_, .max_streams = streams};
  if (const auto identity = shm::this_process(WallTime{read(CLOCK_REALTIME)})) {
    options.identity = *identity;
  }
  auto created = shm::SegmentFile::create(options);
  if (!created) ::_exit(1);
  shm::SegmentFile& segment = **created;
  {
    World world({.streams = streams, .start = boot_now()},
                {.memory = std::move(*created), .identity = options.identity});
    world.warm(boot_now());
    world.monitor().beat(boot_now());
    const bool told = segment.publish() && ::write(ready, &published, 1) == 1;
    if (told) beat_until_closed(world.monitor(), stop);
  }
  ::_exit(0);
}

}  // namespace feedwatch::bench
