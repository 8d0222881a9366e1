#include "bystander.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "process.hpp"

namespace feedwatch::integration {
namespace {

double milliseconds(Duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

}  // namespace

void Figures::print() const {
  fmt::print(
      "prices: {} asked, {} failed, median {:.2f} ms, p99 {:.2f} ms, longest {:.2f} ms, "
      "oldest {:.0f} ms\n",
      asked, failed, milliseconds(median), milliseconds(p99), milliseconds(longest),
      milliseconds(oldest));
}

Bystander::Bystander(std::string url)
    : url_(std::move(url) + "/v1/prices/binance-usdm/BTCUSDT/quote?max_age=2s"), thread_([this] {
        while (!over_) {
          ask();
          std::this_thread::sleep_for(20ms);
        }
      }) {}

Bystander::~Bystander() {
  end();
}

void Bystander::ask() {
  const MonoTime asked = now();
  const Answer answer = get(url_);
  took_.push_back(now() - asked);
  ++figures_.asked;
  const auto body = answer.json();
  if (answer.status == 200 && body.contains("receive_age_seconds")) {
    const std::chrono::duration<double> age{body["receive_age_seconds"].get<double>()};
    figures_.oldest = std::max(figures_.oldest, std::chrono::duration_cast<Duration>(age));
    return;
  }
  ++figures_.failed;
  if (figures_.first_failure.empty()) {
    figures_.first_failure = fmt::format("{}: {}", answer.status, answer.body);
  }
}

Figures Bystander::end() {
  over_ = true;
  if (thread_.joinable()) thread_.join();
  if (!took_.empty()) {
    std::ranges::sort(took_);
    figures_.median = took_[took_.size() / 2];
    figures_.p99 = took_[took_.size() * 99 / 100];
    figures_.longest = took_.back();
  }
  return figures_;
}

}  // namespace feedwatch::integration
