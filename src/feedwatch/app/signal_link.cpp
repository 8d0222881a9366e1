#include "feedwatch/app/signal_link.hpp"

#include <utility>

namespace feedwatch::app {

SignalLink::SignalLink(SignalSettings settings, const Parts& parts)
    : pulse_(std::move(settings.pulse)),
      wakeup_(parts.reactor.make_wakeup([this](MonoTime now) { client_.on_wakeup(now); })),
      client_(std::move(settings.client), parts.anchor,
              {.clock = parts.clock,
               .wakeup = *wakeup_,
               .beat =
                   [this, parts](MonoTime at, std::string detail) {
                     const auto told = parts.control.beat(pulse_, PulseMark::beat,
                                                          std::move(detail), parts.clock.now(), at);
                     if (!told) parts.log("error", told.error().text());
                   },
               .log =
                   [this, log = parts.log](std::string_view severity, std::string_view text) {
                     log(severity, "source of " + pulse_ + ": " + std::string(text));
                   }}),
      transport_(parts.reactor, parts.resolver, client_, {.max_message = signals::max_message}) {}

std::optional<PulseSource> SignalLink::status(std::string_view pulse, MonoTime now) const {
  if (pulse != pulse_) return std::nullopt;
  return client_.status(now);
}

}  // namespace feedwatch::app
