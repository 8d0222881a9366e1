#include "feedwatch/app/stop_on_signal.hpp"

#include <pthread.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace feedwatch::app {

StopOnSignal::StopOnSignal(net::Reactor& reactor) : reactor_(reactor) {
  sigset_t wanted;
  sigemptyset(&wanted);
  sigaddset(&wanted, SIGINT);
  sigaddset(&wanted, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &wanted, &before_);
  fd_ = signalfd(-1, &wanted, SFD_NONBLOCK | SFD_CLOEXEC);
  if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "signalfd");
  net::IoHandler& handler = *this;
  watch_ = reactor.watch(fd_, handler);
  watch_->want(true, false);
}

StopOnSignal::~StopOnSignal() {
  watch_.reset();
  ::close(fd_);
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

void StopOnSignal::on_io(bool, bool) {
  signalfd_siginfo info{};
  if (::read(fd_, &info, sizeof info) > 0) reactor_.stop();
}

}  // namespace feedwatch::app
