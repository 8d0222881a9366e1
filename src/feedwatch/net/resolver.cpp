#include "feedwatch/net/resolver.hpp"

#include <netdb.h>

#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "feedwatch/net/reactor.hpp"
#include "feedwatch/net/socket.hpp"

namespace feedwatch::net {
namespace {

constexpr std::size_t max_waiting = 256;
constexpr std::size_t max_threads = 2;

struct Answer {
  std::vector<std::string> addresses;
  std::string error;
};

std::string numeric_host(const addrinfo& entry) {
  char host[NI_MAXHOST];
  const int bad =
      getnameinfo(entry.ai_addr, entry.ai_addrlen, host, sizeof host, nullptr, 0, NI_NUMERICHOST);
  return bad == 0 ? host : "";
}

Answer look_up(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.c_str(), nullptr, &hints, &found);
  Answer answer;
  if (error != 0) {
    answer.error = error == EAI_SYSTEM ? errno_text(errno) : gai_strerror(error);
    return answer;
  }
  for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    if (auto text = numeric_host(*entry); !text.empty())
      answer.addresses.push_back(std::move(text));
  }
  freeaddrinfo(found);
  return answer;
}

}  // namespace

/// Shared with the threads, which may sit in getaddrinfo long after the resolver is gone.
struct SystemResolver::State {
  struct Job {
    std::string host;
    std::shared_ptr<Done> done;  // touched by the reactor's thread only
  };

  std::mutex mutex;  // guards everything below
  std::condition_variable wanted;
  std::deque<Job> jobs;
  Reactor* reactor = nullptr;  // null once the resolver is gone
  std::size_t threads = 0;
  std::size_t idle = 0;

  static void work(const std::shared_ptr<State>& state) {
    std::unique_lock lock(state->mutex);
    while (true) {
      ++state->idle;
      state->wanted.wait(lock, [&] { return state->reactor == nullptr || !state->jobs.empty(); });
      --state->idle;
      if (state->reactor == nullptr) return;
      Job job = std::move(state->jobs.front());
      state->jobs.pop_front();
      lock.unlock();
      Answer answer = look_up(job.host);
      lock.lock();
      if (state->reactor == nullptr) return;
      deliver(*state->reactor, state, std::move(job.done), std::move(answer));
    }
  }

  static void deliver(Reactor& reactor, const std::weak_ptr<State>& weak,
                      std::shared_ptr<Done> done, Answer answer) {
    reactor.complete([weak, done = std::move(done), answer = std::move(answer)]() mutable {
      const auto state = weak.lock();
      if (!state) return;
      {
        const std::scoped_lock lock(state->mutex);
        if (state->reactor == nullptr) return;
      }
      (*done)(std::move(answer.addresses), std::move(answer.error));
    });
  }
};

SystemResolver::SystemResolver(Reactor& reactor) : state_(std::make_shared<State>()) {
  state_->reactor = &reactor;
}

SystemResolver::~SystemResolver() {
  std::deque<State::Job> dropped;
  {
    const std::scoped_lock lock(state_->mutex);
    state_->reactor = nullptr;
    dropped.swap(state_->jobs);
  }
  state_->wanted.notify_all();
}

void SystemResolver::resolve(const std::string& host, Done done) {
  auto shared = std::make_shared<Done>(std::move(done));
  const std::scoped_lock lock(state_->mutex);
  if (is_numeric_address(host)) {
    State::deliver(*state_->reactor, state_, std::move(shared), {{host}, ""});
    return;
  }
  if (state_->jobs.size() >= max_waiting) {
    State::deliver(*state_->reactor, state_, std::move(shared), {{}, "too many names wait"});
    return;
  }
  state_->jobs.push_back({host, std::move(shared)});
  if (state_->idle < state_->jobs.size() && state_->threads < max_threads) {
    ++state_->threads;
    // Detached: a look-up can block for minutes and nothing may wait for it at shutdown.
    std::thread([state = state_] { State::work(state); }).detach();
  }
  state_->wanted.notify_one();
}

}  // namespace feedwatch::net
