#include "feedwatch/net/resolver.hpp"

#include <netdb.h>

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <map>
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

using Answer = SystemResolver::Answer;

std::string numeric_host(const addrinfo& entry) {
  char host[NI_MAXHOST];
  const int bad =
      getnameinfo(entry.ai_addr, entry.ai_addrlen, host, sizeof host, nullptr, 0, NI_NUMERICHOST);
  return bad == 0 ? host : "";
}

Answer ask_system(const std::string& host) {
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

/// Shared with the threads, which may sit in a look-up long after the resolver is gone.
struct SystemResolver::State {
  /// Touched by the reactor's thread only, but for asking whether it is still there.
  struct Waiter {
    std::weak_ptr<const void> asker;
    Done done;
  };
  using Waiters = std::vector<Waiter>;

  LookUp look_up;
  std::mutex mutex;  // guards everything below
  std::condition_variable wanted;
  std::deque<std::string> queue;           // names no thread has taken yet
  std::map<std::string, Waiters> waiting;  // by name, queued or being looked up
  Reactor* reactor = nullptr;              // null once the resolver is gone
  std::size_t threads = 0;
  std::size_t idle = 0;

  static void work(const std::shared_ptr<State>& state) {
    std::unique_lock lock(state->mutex);
    while (true) {
      ++state->idle;
      state->wanted.wait(lock, [&] { return state->reactor == nullptr || !state->queue.empty(); });
      --state->idle;
      if (state->reactor == nullptr) return;
      const std::string host = std::move(state->queue.front());
      state->queue.pop_front();
      Answer answer{.addresses = {}, .error = "nobody waits"};
      if (std::ranges::any_of(state->waiting[host], is_there)) {
        lock.unlock();
        answer = state->look_up(host);
        lock.lock();
        if (state->reactor == nullptr) return;
      }
      deliver(*state->reactor, state, std::move(state->waiting.extract(host).mapped()),
              std::move(answer));
    }
  }

  static bool is_there(const Waiter& waiter) { return !waiter.asker.expired(); }

  static void deliver(Reactor& reactor, const std::weak_ptr<State>& weak, Waiters waiters,
                      Answer answer) {
    reactor.complete([weak, waiters = std::move(waiters), answer = std::move(answer)]() mutable {
      for (Waiter& waiter : waiters) {
        // The one before may have ended the resolver.
        if (is_there(waiter) && is_open(weak)) waiter.done(answer.addresses, answer.error);
      }
    });
  }

  static bool is_open(const std::weak_ptr<State>& weak) {
    const auto state = weak.lock();
    if (!state) return false;
    const std::scoped_lock lock(state->mutex);
    return state->reactor != nullptr;
  }

  /// Joins those who wait for the name already. False: nobody does.
  bool join(const std::string& host, Waiter& waiter) {
    const auto found = waiting.find(host);
    if (found == waiting.end()) return false;
    // Those who gave up have no other end while a look-up blocks.
    std::erase_if(found->second, [](const Waiter& one) { return !is_there(one); });
    found->second.push_back(std::move(waiter));
    return true;
  }
};

SystemResolver::SystemResolver(Reactor& reactor) : SystemResolver(reactor, ask_system) {}

SystemResolver::SystemResolver(Reactor& reactor, LookUp look_up)
    : state_(std::make_shared<State>()) {
  state_->look_up = std::move(look_up);
  state_->reactor = &reactor;
}

SystemResolver::~SystemResolver() {
  std::map<std::string, State::Waiters> dropped;
  {
    const std::scoped_lock lock(state_->mutex);
    state_->reactor = nullptr;
    dropped.swap(state_->waiting);
  }
  state_->wanted.notify_all();
}

void SystemResolver::resolve(const std::string& host, std::weak_ptr<const void> asker, Done done) {
  State::Waiter waiter{.asker = std::move(asker), .done = std::move(done)};
  const auto answer_now = [&](Answer answer) {
    State::Waiters one;
    one.push_back(std::move(waiter));
    State::deliver(*state_->reactor, state_, std::move(one), std::move(answer));
  };
  if (is_numeric_address(host)) return answer_now({.addresses = {host}, .error = ""});
  const std::scoped_lock lock(state_->mutex);
  if (state_->join(host, waiter)) return;
  if (state_->queue.size() >= max_waiting) {
    return answer_now({.addresses = {}, .error = "too many names wait"});
  }
  state_->waiting[host].push_back(std::move(waiter));
  state_->queue.push_back(host);
  if (state_->idle < state_->queue.size() && state_->threads < max_threads) {
    ++state_->threads;
    // Detached: a look-up can block for minutes and nothing may wait for it at shutdown.
    std::thread([state = state_] { State::work(state); }).detach();
  }
  state_->wanted.notify_one();
}

}  // namespace feedwatch::net
