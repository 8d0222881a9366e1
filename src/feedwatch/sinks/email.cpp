#include "feedwatch/sinks/email.hpp"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <string_view>
#include <utility>

namespace feedwatch::sinks {
namespace {

struct Release {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

/// Once in the process, before the first use.
bool library_ready() {
  static const bool ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  return ready;
}

/// libcurl reads the message piece by piece.
std::size_t read_message(char* buffer, std::size_t size, std::size_t count, void* rest) {
  auto* const text = static_cast<std::string_view*>(rest);
  const std::size_t taken = std::min(size * count, text->size());
  std::memcpy(buffer, text->data(), taken);
  text->remove_prefix(taken);
  return taken;
}

/// Asked several times a second; not zero ends the transfer.
int is_over(void* stop, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<const std::stop_token*>(stop)->stop_requested() ? 1 : 0;
}

SinkResult judge(CURLcode code, long reply) {
  using Status = SinkResult::Status;
  if (code == CURLE_OK) return {.status = Status::delivered, .detail = "", .retry_after = {}};
  SinkResult result{.status = Status::retry, .detail = curl_easy_strerror(code), .retry_after = {}};
  if (reply >= 400) result.detail = fmt::format("SMTP {}: {}", reply, result.detail);
  if (code == CURLE_LOGIN_DENIED && reply / 100 != 4) {
    result.status = Status::gone;
  } else if (reply / 100 == 5) {
    result.status = Status::failed;
  }
  return result;
}

template <class Value>
void set(CURL* curl, CURLoption option, Value value) {
  curl_easy_setopt(curl, option,
                   value);  // fails for lack of memory only, and then so will the rest
}

void set_server(CURL* curl, const EmailOptions& options) {
  set(curl, CURLOPT_URL, options.url.c_str());
  set(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  set(curl, CURLOPT_USE_SSL, static_cast<long>(options.tls ? CURLUSESSL_ALL : CURLUSESSL_NONE));
  set(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!options.ca_file.empty()) set(curl, CURLOPT_CAINFO, options.ca_file.c_str());
  if (!options.user.empty()) {
    set(curl, CURLOPT_USERNAME, options.user.c_str());
    set(curl, CURLOPT_PASSWORD, options.password.c_str());
  }
  const auto limit = std::chrono::ceil<std::chrono::milliseconds>(options.timeout);
  set(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(limit.count()));
  set(curl, CURLOPT_NOSIGNAL, 1L);
  set(curl, CURLOPT_PROXY, "");
}

SinkResult send(const EmailOptions& options, std::string_view message,
                const std::stop_token& stop) {
  const std::unique_ptr<CURL, Release> curl(library_ready() ? curl_easy_init() : nullptr);
  if (!curl) return judge(CURLE_FAILED_INIT, 0);
  set_server(curl.get(), options);
  std::unique_ptr<curl_slist, Release> to;
  for (const std::string& each : options.addresses.to) {
    curl_slist* const head = curl_slist_append(to.get(), each.c_str());
    if (head == nullptr) return judge(CURLE_OUT_OF_MEMORY, 0);
    if (!to) to.reset(head);  // of a list that stands the head stays
  }
  set(curl.get(), CURLOPT_MAIL_FROM, options.addresses.from.c_str());
  set(curl.get(), CURLOPT_MAIL_RCPT, to.get());
  set(curl.get(), CURLOPT_UPLOAD, 1L);
  set(curl.get(), CURLOPT_READFUNCTION, &read_message);
  set(curl.get(), CURLOPT_READDATA, &message);
  set(curl.get(), CURLOPT_NOPROGRESS, 0L);
  set(curl.get(), CURLOPT_XFERINFOFUNCTION, &is_over);
  set(curl.get(), CURLOPT_XFERINFODATA, &stop);
  const CURLcode code = curl_easy_perform(curl.get());
  long reply = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &reply);
  return judge(code, reply);
}

}  // namespace

EmailSink::EmailSink(EmailOptions options, Mailbox& mailbox)
    : options_(std::make_shared<const EmailOptions>(std::move(options))), worker_(mailbox) {}

void EmailSink::deliver(const Notification& notification, Done done) {
  worker_.run([options = options_,
               message = mail_message(notification, options_->addresses, options_->speaker)](
                  const std::stop_token& stop) { return send(*options, message, stop); },
              std::move(done));
}

}  // namespace feedwatch::sinks
