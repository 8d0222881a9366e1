#include "feedwatch/app/reload_desk.hpp"

#include <signal.h>
#include <unistd.h>

#include <utility>

namespace feedwatch::app {

void ReloadDesk::ask(ReloadDone done) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(done));
  }
  kill(getpid(), SIGHUP);
}

std::vector<ReloadDone> ReloadDesk::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(waiting_, {});
}

}  // namespace feedwatch::app
